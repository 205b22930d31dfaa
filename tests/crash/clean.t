#!/bin/bash
# clean: each system call of qmail-clean in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-clean kill 28 5
done_testing

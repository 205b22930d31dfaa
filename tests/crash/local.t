#!/bin/bash
# local: each system call of qmail-local in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-local kill 28 5
done_testing

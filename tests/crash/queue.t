#!/bin/bash
# queue: each system call of qmail-queue in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-queue kill 28 5
done_testing

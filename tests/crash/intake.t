#!/bin/bash
# intake: each system call of intake, and of its children, in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash intake kill 28 5
done_testing

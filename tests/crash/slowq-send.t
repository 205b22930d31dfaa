#!/bin/bash
# slowq-send, and slowq-todo: each system call in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
export START=slowq-start
crash slowq-send kill 28
export TODO_PROCESSOR=1
crash slowq-todo kill 28
done_testing

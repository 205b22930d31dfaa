#!/bin/bash
# todo-proc: each system call of todo-proc in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash todo-proc kill 28 5
done_testing

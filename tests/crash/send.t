#!/bin/bash
# send: each system call of qmail-send in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-send kill 28 5
# senders who want reports of success as well
export DSN=1
crash qmail-send kill 28 5
done_testing

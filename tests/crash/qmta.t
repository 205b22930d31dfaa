#!/bin/bash
# qmta-send: each system call in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
export START='qmta-send -d'
crash qmta-send kill 28
done_testing

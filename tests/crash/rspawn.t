#!/bin/bash
# rspawn: each system call of qmail-rspawn, and of a qmail-remote that keeps its connection, in turn is where it dies, where the
# disk is full, where the disk fails; recipients come in groups, connections are used again.
. "$(dirname "$0")/lib.sh"
unset REEXEC	# workers keep connections
crash qmail-rspawn kill 28 5
crash qmail-remote kill 28 5
done_testing

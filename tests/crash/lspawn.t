#!/bin/bash
# lspawn: each system call of qmail-lspawn in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-lspawn kill 28 5
done_testing

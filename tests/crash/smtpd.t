#!/bin/bash
# smtpd: each system call of qmail-smtpd in turn is where it dies, where the disk is full, where the disk fails.
. "$(dirname "$0")/lib.sh"
crash qmail-smtpd kill 28 5
done_testing

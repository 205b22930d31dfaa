#!/bin/bash
# except: verdicts turned round.
. "$(dirname "$0")/../lib.sh"
printf 'Subject: x\n\nbody\n' >msg
code "0 refuses" 100 except grep -q body <msg
code "1 goes on" 0 except grep -q other <msg
code "100 goes on" 0 except sh -c 'exit 100' <msg
code "111 stays" 111 except sh -c 'exit 111' <msg
code "a crash" 111 except sh -c 'kill -9 $$' <msg
code "a program that is not there" 111 except ./none <msg
code "usage" 100 except <msg
done_testing

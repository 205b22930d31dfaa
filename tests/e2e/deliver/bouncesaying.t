#!/bin/bash
# bouncesaying: with and without a program.
. "$(dirname "$0")/../lib.sh"
printf 'Subject: x\n\nbody\n' >msg
code "always" 100 bouncesaying "no thanks" <msg
is "the text" "$(cat out err)" "no thanks"
code "the program agrees" 100 bouncesaying no grep -q body <msg
code "it does not" 0 bouncesaying no grep -q other <msg
is "no text" "$(cat out err)" ""
code "111" 111 bouncesaying no sh -c 'exit 111' <msg
code "a crash" 111 bouncesaying no sh -c 'kill -9 $$' <msg
code "a program that is not there" 111 bouncesaying no ./none <msg
code "usage" 100 bouncesaying <msg
done_testing

#!/bin/bash
# maildirmake: parts, modes, what exists already.
. "$(dirname "$0")/../lib.sh"
umask 0
code "creates" 0 maildirmake box
is "parts and modes" "$(cd box && stat -c '%n %a' . cur new tmp | tr '\n' ,)" ". 700,cur 700,new 700,tmp 700,"
rmdir box/cur; chmod 750 box
code "completes" 0 qmaildirmake box
is "modes of what was there stay" "$(stat -c %a box box/cur | tr '\n' ,)" "750,700,"
: >file
code "a file is in the way" 111 maildirmake file
code "no parent" 111 maildirmake none/box
code "usage" 100 maildirmake
code "usage" 100 maildirmake a b
code "an empty name" 100 maildirmake ''
done_testing

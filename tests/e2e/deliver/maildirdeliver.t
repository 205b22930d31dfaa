#!/bin/bash
# maildirdeliver: content, pipes, missing variables.
. "$(dirname "$0")/../lib.sh"
maildirmake box
export RPLINE=$'Return-Path: <a@b>\n' DTLINE=$'Delivered-To: c@d\n' QQEH=$'X-E: 1\n'
code "stores" 0 maildirdeliver ./box/ <<<body
is "content" "$(cat box/new/*)" "$RPLINE$DTLINE$QQEH"body
is "mode" "$(stat -c %a box/new/*)" 600
(echo one; sleep 0.1; echo two) | maildirdeliver box
like "from a slow pipe, no final slash" "$(cat box/new/*)" '^two$'
is "nothing in tmp" "$(ls box/tmp)" ""
code "without syncs" 0 env USE_FSYNC= USE_SYNCDIR= maildirdeliver box </dev/null
code "with fdatasync" 0 env USE_FDATASYNC=1 maildirdeliver box </dev/null
code "no maildir" 111 maildirdeliver ./none/ </dev/null
unset QQEH; code "QQEH may be missing" 0 maildirdeliver box </dev/null
code "usage" 100 maildirdeliver </dev/null
unset DTLINE; code "DTLINE may not" 111 maildirdeliver box </dev/null
done_testing

#!/bin/bash
# preline: header lines first, the command's exit code, missing variables.
. "$(dirname "$0")/../lib.sh"
export UFLINE=$'From a@b Thu\n' RPLINE=$'Return-Path: <a@b>\n' DTLINE=$'Delivered-To: c@d\n' QQEH=$'X-E: 1\n'
is "all lines, then the message" "$(echo body | preline cat)" \
	"$UFLINE$RPLINE$DTLINE$QQEH"body
is "-f -r -d -e leave lines out" "$(echo body | preline -frde cat)" body
code "exit code of the command" 7 preline sh -c 'cat >/dev/null; exit 7' </dev/null
unset RPLINE
code "a missing variable is temporary" 111 preline cat </dev/null
code "no command: usage" 100 preline
done_testing

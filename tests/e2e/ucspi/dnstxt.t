#!/bin/bash
# dnstxt: text records, of several strings, several per name, long, empty, with control bytes.
HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/lib.sh"
. "$HERE/dns.sh"
code "no argument: usage" 100 dnstxt
liar
code "found" 0 dnstxt good.example
is "strings joined, control bytes replaced, lengths" "$(cat -A out)" 'one two$
record length 7$
$
record length 0$
a^Ib?c$
record length 5$'
dnstxt big.example >out
is "64 KB" "$(grep -o 'record length.*' out | tr '\n' ' ')" "record length 65025 record length 3 "
is "at most 500 records count" "$(dnstxt many.example | grep -c record)" 500
code "none" 100 dnstxt nodata.example
is "hard error" "$(cat err)" "hard error"
code "no such name" 100 dnstxt noname.example
code "a text longer than its record" 111 dnstxt short.example
is "soft error" "$(cat err)" "soft error"
code "no output possible" 111 sh -c 'dnstxt good.example >/dev/full'
done_testing

#!/bin/bash
# metrics: what the counters say of a running queue, as OpenMetrics, as JSON, over HTTP.
. "$(dirname "$0")/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/daemons.sh"
code "before send has run" 0 metrics
like "it is down" "$(cat out)" '^indimail_up\{queue="queue1"\} 0$'
is "the last line" "$(tail -1 out)" "# EOF"
for bad in "word" "--listen" "--listen nowhere" "--listen 127.0.0.1:x" "-x"; do
	# shellcheck disable=SC2086
	code "usage: metrics $bad" 100 metrics $bad
done
start_queue
submit s@x.org k1@me.example k2@far.example z@far.example
submit bouncer@me.example d@me.example
wait_for 10 seen 1 '^end msg'
wait_for 10 seen 1 deferral
ended() { [ "$(grep -c '^end msg' log)" = 2 ]; }
ok "the bounce is delivered" wait_for 10 ended
value() { metrics "${@:2}" | sed -n "s/^indimail_$1 //p"; }
L='queue="queue1"'
is "up" "$(value "up{$L}")" 1
is "messages, one of them the bounce" "$(value "messages_total{$L}")" 3
is "local success" "$(value "deliveries_total{$L,channel=\"local\",result=\"success\"}")" 2
is "local failure" "$(value "deliveries_total{$L,channel=\"local\",result=\"failure\"}")" 1
is "remote success" "$(value "deliveries_total{$L,channel=\"remote\",result=\"success\"}")" 1
is "remote deferral" "$(value "deliveries_total{$L,channel=\"remote\",result=\"deferral\"}")" 1
is "bounces" "$(value "bounces_total{$L}")" 1
is "ages: all" "$(value "age_seconds_bucket{$L,le=\"+Inf\"}")" 2
is "ages: count" "$(value "age_seconds_count{$L}")" 2
waits() { [ "$(value "waiting{$L,channel=\"remote\"}")" = 1 ]; }
ok "one waits" wait_for 5 waits
is "concurrency" "$(value "concurrency{$L,channel=\"remote\"}")" 20
is "running" "$(value "running{$L,channel=\"local\"}")" 0
is "not looked into" "$(value "queued{$L}")" ""
is "looked into" "$(value "queued{$L}" --oldest)" 1
like "the oldest" "$(value "oldest_seconds{$L}" -o)" '^[0-9]+$'
q hold --all >out
held() { [ "$(value "held{$L}")" = 1 ]; }
ok "held" wait_for 5 held
metrics >text
ok "the grammar of OpenMetrics" python3 - <<'P'
import re
lines = open('text').read().split('\n')
assert lines[-1] == '' and lines[-2] == '# EOF'
family = kind = None
seen = set()
for l in lines[:-2]:
    m = re.match(r'# (TYPE|UNIT|HELP) (\S+) (.+)$', l)
    if m:
        if m[1] == 'TYPE':
            family, kind = m[2], m[3]
            assert family not in seen, family
            seen.add(family)
        assert m[2] == family, l
        if m[1] == 'UNIT':
            assert family.endswith('_' + m[3]), l
        continue
    m = re.match(r'([a-z_]+)\{((?:[a-z]+="[^"\\]*",?)+)\} (-?\d+)$', l)
    assert m, l
    ends = {'counter': ['_total'], 'gauge': [''], 'histogram': ['_bucket', '_count', '_sum']}[kind]
    assert any(m[1] == family + e for e in ends), l
P
metrics --json >json
ok "JSON" python3 - <<'P'
import json
r = json.loads(open('json').read())
assert r['queue'] == 'queue1' and r['up'] is True and r['messages'] == 3 and r['held'] == 1
assert r['local']['success'] == 2 and r['remote']['deferral'] == 1
P
port=$(free_port)
background metrics --listen "127.0.0.1:$port"
get() { curl -s -o body -w '%{http_code} %{content_type}' "$@"; }
up() { curl -s -o /dev/null "http://127.0.0.1:$port/"; }
ok "it listens" wait_for 5 up
is "GET /metrics" "$(get "http://127.0.0.1:$port/metrics")" "200 application/openmetrics-text; version=1.0.0; charset=utf-8"
like "the same" "$(cat body)" '^indimail_messages_total\{queue="queue1"\} 3$'
is "JSON" "$(get "http://127.0.0.1:$port/metrics.json?x=1")" "200 application/x-ndjson"
like "it is" "$(cat body)" '^\{"queue":"queue1"'
is "HEAD" "$(curl -s -I "http://127.0.0.1:$port/metrics" | head -1 | tr -d '\r')" "HTTP/1.1 200 OK"
is "POST" "$(get -d x "http://127.0.0.1:$port/metrics" | cut -d' ' -f1)" 405
is "another path" "$(get "http://127.0.0.1:$port/other" | cut -d' ' -f1)" 404
raw=$(python3 - "$port" <<'P'
import socket, sys
def ask(text):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=20)
    s.settimeout(20)
    try:
        s.sendall(text)
        return s.recv(200).split(b'\r\n')[0].decode()
    except ConnectionError:
        return 'closed'
print(ask(b'nonsense\r\n\r\n'), ask(b'\r\n\r\n'), ask(b'GET / HTTP/1.0\n\n'), sep='|')
a = ask(b'GET /' + b'x' * 20000)
print('bounded' if a in ('closed', 'HTTP/1.1 408 Request Timeout') else a)
P
)
is "nonsense, and a request without CR" "$(head -1 <<<"$raw")" "HTTP/1.1 400 Bad Request|HTTP/1.1 400 Bad Request|HTTP/1.1 200 OK"
is "an endless request" "$(tail -1 <<<"$raw")" bounded
ok "it goes on" up
stop_queue
down() { [ "$(value "up{$L}")" = 0 ]; }
ok "down" wait_for 5 down
is "counters stay" "$(value "messages_total{$L}")" 3
start_queue
is "and go on" "$(value "messages_total{$L}") $(value "up{$L}")" "3 1"
stop_queue
printf 'short' >"$Q/steer/metrics"
code "a damaged file" 0 metrics
like "nothing is known" "$(cat out)" '^indimail_up\{queue="queue1"\} 0$'
done_testing

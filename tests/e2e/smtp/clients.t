#!/bin/bash
# clients: what real mail programs send through a running system arrives as it was, whatever its size.
TEST_UID=65534	# an account: s-nail wants to know who calls
. "$(dirname "$0")/../queue/user.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$HERE/../up.sh"
export HOME=$T TZ=UTC
CLIENTS="swaks curl msmtp s-nail sendmail-t sendmail-bs"
up --root "$R" --domain d.example --mailboxes "$CLIENTS" --prepare || exit 1
echo 40 >"$R/control/concurrencylocal"
echo ./Maildir/ >"$R/alias/.qmail-default"
chmod -R u+rwX "$R"
start_up

python3 - <<'P'
long = ''.join(chr(97 + i % 26) for i in range(998))
plain = '\n'.join(['', '.', '..', '...', '.leading dot', 'From the start', '>From quoted', 'trailing blanks   ',
    'and a tab\t', '   ', long, '.' + long[1:], 'QUIT', '.', 'end', '']) + '\n'
eight = 'Gr\u00fc\u00dfe, \u4f60\u597d, \U0001f4e8\n.\u00e4\n' + '\u00e9' * 499 + '\n'
big = ''.join('%07d %s\n' % (i, '.' * (i % 90)) for i in range(10 * 1024 * 1024 // 53))
for name, text in ('plain', plain), ('eight', eight), ('big', big), ('many', 'to all of you\n'):
    open(name, 'w', encoding='utf-8').write(text)
P
is "ten megabytes" "$(($(stat -c %s big) >> 20))" 10

# What each client is told to send: message FILE to the recipients that follow.
message() { # KIND RECIPIENTS, separated by commas
	printf 'From: me@side.example\nTo: %s\nSubject: %s\nMIME-Version: 1.0\n' "$2" "$1"
	printf 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n'
	cat "$1"
}
commas() { local IFS=,; echo "$*"; }
smtp_dialogue() { # KIND RECIPIENT...
	local kind=$1 r
	shift
	printf 'EHLO me\r\nMAIL FROM:<me@side.example> BODY=8BITMIME\r\n'
	for r; do printf 'RCPT TO:<%s>\r\n' "$r"; done
	printf 'DATA\r\n'
	message "$kind" "list:;" | sed 's/^\./../; s/$/\r/'
	printf '.\r\nQUIT\r\n'
}
send_with() { # CLIENT KIND RECIPIENT...
	local client=$1 kind=$2 r rcpts=()
	shift 2
	case $client in
	swaks)
		# it ends the data with a line end of its own
		message "$kind" "list:;" | head -c -1 >swaks.in
		swaks --server 127.0.0.1 --port "$PORT" --from me@side.example --to "$(commas "$@")" --data @swaks.in \
			--suppress-data --silent 2 ;;
	curl)
		for r; do rcpts+=(--mail-rcpt "$r"); done
		message "$kind" "list:;" >curl.in
		curl --no-progress-meter --crlf "smtp://127.0.0.1:$PORT/me" --mail-from me@side.example \
			"${rcpts[@]}" --upload-file curl.in ;;
	msmtp)
		message "$kind" "list:;" | msmtp --file=/dev/null --host=127.0.0.1 --port="$PORT" --tls=off \
			--auth=off --domain=me --from=me@side.example -- "$@" ;;
	s-nail) s-nail -:/ -S v15-compat -S mta="smtp://127.0.0.1:$PORT" -S smtp-auth=none -S ttycharset=utf-8 \
		-S mime-encoding=8bit -S hostname=me -r me@side.example -s "$kind" "$@" <"$kind" ;;
	sendmail-t) message "$kind" "$(commas "$@")" | in_use sendmail -f me@side.example -t ;;
	sendmail-bs)
		smtp_dialogue "$kind" "$@" | in_use sendmail -bs >bs.out && [ "$(grep -c '^250 .*ok [0-9]* qp ' bs.out)" = 1 ] ;;
	esac
}

# The body of a message: whatever its transfer encoding, which a client may choose.
cat >body.py <<'P'
import base64, hashlib, quopri, re, sys
want = hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest()
for fn in sys.argv[2:]:
    head, body = open(fn, 'rb').read().split(b'\n\n', 1)
    m = re.search(rb'(?im)^content-transfer-encoding: *(\S+)', head)
    how = m.group(1).lower() if m else b'7bit'
    if how == b'quoted-printable':
        body = quopri.decodestring(body)
    elif how == b'base64':
        body = base64.b64decode(body)
    if hashlib.sha256(body).hexdigest() != want:
        sys.exit('%s: %d bytes are not those of %s' % (fn, len(body), sys.argv[1]))
P

all=$(seq -f 'u%g@d.example' 100)
for client in $CLIENTS; do
	case $client in
	sendmail-*) ;;
	*) command -v "$client" >/dev/null || { skip "$client" "$client is not installed"; continue; } ;;
	esac
	if [ "$client" = s-nail ] && ! id -un >/dev/null 2>&1; then
		skip s-nail "s-nail does not run for a user without an account"
		continue
	fi
	new=$R/home/$client/Maildir n=0
	for kind in plain eight big; do
		ok "$client sends: $kind" send_with "$client" $kind "$client@d.example"
		n=$((n + 1))
		wait_for 20 arrived "$new" $n || fail "$client: $kind does not arrive"
		ok "$client: $kind arrives as it was" python3 body.py $kind "$(ls -d -t "$new"/new/* | head -1)"
	done
	ok "$client sends to 100 recipients" send_with "$client" many $all
	wait_for 20 arrived "$R/alias/Maildir" 100
	is "$client: each gets a copy" "$(grep -hm1 '^Delivered-To: ' "$R"/alias/Maildir/new/* | sort -u | wc -l)" 100
	is "$client: and no more" "$(ls "$R/alias/Maildir/new" | wc -l)" 100
	ok "$client: and all are as they were" python3 body.py many "$R"/alias/Maildir/new/*
	rm -f "$R"/alias/Maildir/new/*
done
stop_up
is "it ends well" $? 0
done_testing

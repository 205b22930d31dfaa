#!/bin/bash
# cert: keys, certificates, requests and TLSA records, judged by openssl.
. "$(dirname "$0")/../lib.sh"
needs_tls
export CERTDIR=$T/certs CONTROLDIR=$T/control
mkdir control
echo mail.test >control/me
code "a certificate" 0 cert
like "... told" "$(cat err)" '^cert: .*/certs/servercert.pem: a certificate for mail.test$'
is "its mode" "$(stat -c %a certs/servercert.pem)" 640
is "the client's certificate" "$(readlink certs/clientcert.pem)" servercert.pem
is "name" "$(openssl x509 -in certs/servercert.pem -noout -subject)" "subject=CN = mail.test"
is "alternative name" "$(openssl x509 -in certs/servercert.pem -noout -ext subjectAltName | tail -1 | tr -d ' ')" "DNS:mail.test"
ok "valid for nearly ten years" openssl x509 -in certs/servercert.pem -noout -checkend 315000000
is "signed with its own key" "$(openssl verify -CAfile certs/servercert.pem certs/servercert.pem)" "certs/servercert.pem: OK"
ok "the key belongs to it" test "$(openssl x509 -in certs/servercert.pem -noout -pubkey)" = "$(openssl pkey -in certs/servercert.pem -pubout)"
sum=$(cksum <certs/servercert.pem)
code "a second call leaves it alone and is no error" 0 cert
like "... and says so" "$(cat err)" 'is there already'
is "... the same file" "$(cksum <certs/servercert.pem)" "$sum"
hex=$(openssl x509 -in certs/servercert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
is "the TLSA record" "$(cert --tlsa)" "_25._tcp.mail.test. IN TLSA 3 1 1 $hex"
is "... of another port and name" "$(cert -t -p 465 mx.test)" "_465._tcp.mx.test. IN TLSA 3 1 1 $hex"
code "an RSA pair beside it" 0 cert --add --key rsa --bits 2048 mail.test www.test '*.wild.test'
is "two certificates, two keys" "$(grep -c 'BEGIN CERTIFICATE' certs/servercert.pem),$(grep -c 'BEGIN PRIVATE KEY' certs/servercert.pem)" 2,2
is "two records" "$(cert -t | grep -c '3 1 1')" 2
like "what they say" "$(cert --show)" '^key EC 256$'
like "... of the other" "$(cert --show)" '^key (RSA|rsaEncryption) 2048$'
like "... names" "$(cert --show)" '^names mail.test www.test \*\.wild\.test$'
like "... the fingerprint" "$(cert -s)" "^sha256 $(openssl x509 -in certs/servercert.pem -noout -fingerprint -sha256 | cut -d= -f2 | tr -d : | tr A-F a-f)$"
code "a request" 0 cert --request one.test two.test
cp out csr
is "... for the key" "$(openssl req -in csr -noout -pubkey)" "$(openssl pkey -in certs/servercert.pem -pubout)"
ok "... signed with it" openssl req -in csr -noout -verify
like "... for the names" "$(openssl req -in csr -noout -text)" 'DNS:one.test, DNS:two.test'
code "a new one by force" 0 cert --force --email joe@mail.test --days 3 x.test
like "address and days" "$(openssl x509 -in certs/servercert.pem -noout -subject -ext subjectAltName | tr '\n' ' ')" 'CN = x.test, emailAddress = joe@mail.test.*DNS:x.test, email:joe@mail.test'
code "... for three days" 1 openssl x509 -in certs/servercert.pem -noout -checkend 300000
code "a file by name" 0 cert --file other.pem y.test
ok "... in the directory" test -s certs/other.pem
code "a file by path, its directory made" 0 cert --file "$T/deep/er/z.pem" z.test
ok "... is there" test -s deep/er/z.pem
code "records without a file make it" 0 cert --file new.pem --tlsa n.test
like "... record" "$(cat out)" '^_25._tcp.n.test. IN TLSA 3 1 1 [0-9a-f]{64}$'
# faults
code "no such kind" 100 cert -k dsa
code "too few bits" 100 cert -k rsa -b 1024
code "no days" 100 cert -d 0
code "no host name" 100 cert --file a.pem 'a.test,DNS:evil.test'
code "no address" 100 cert --file a.pem -e 'joe@x,DNS:y' a.test
code "no port" 100 cert -t -p 70000
ok "... and nothing was made" test ! -e certs/a.pem
echo nonsense >certs/nonsense.pem
code "no certificate in the file" 100 cert --file nonsense.pem --show
like "... named" "$(cat err)" '^cert: fatal: .*/certs/nonsense.pem: there is no certificate'
code "no key in the file" 100 cert --file nonsense.pem --request a.test
printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >certs/broken.pem
code "a broken certificate" 100 cert --file broken.pem --show
: >plain
code "a directory that cannot be" 111 cert --file "$T/plain/x.pem" a.test
like "... named" "$(cat err)" '^cert: fatal: unable to create .*/plain'
openssl genpkey -algorithm ED25519 -aes256 -pass pass:x -out certs/locked.pem 2>/dev/null
code "a key behind a password is not asked for" 100 cert --file locked.pem --request a.test </dev/null
done_testing

#!/usr/bin/env python3
"""report.py FILE - a report of RFC 3464 as Python's email package understands it, one fact per line: the subject, the
types of the parts, what is wrong, the fields of each group, the size and subject of what was returned."""
import email, email.policy, sys

raw = open(sys.argv[1], 'rb').read()
m = email.message_from_bytes(raw, policy=email.policy.default)
print('subject', m['Subject'])
print('type', m.get_content_type(), m.get_param('report-type'))
parts = list(m.iter_parts())
print('parts', *[p.get_content_type() for p in parts])
bad = [d for p in m.walk() for d in p.defects] + [h for p in m.walk() for v in p.values() for h in getattr(v, 'defects', ())]
print('defects', *bad)
print('text', parts[0].get_content().strip().split('\n')[0])
for group in parts[1].get_payload():
    for name, value in group.items():
        print(f'{name}: {value}')
    print('--')
last = parts[2]
if last.get_content_type() == 'message/rfc822':
    print('returned', last.get_payload(0)['Subject'], repr(last.get_payload(0).get_content()))
else:
    print('returned', *[l for l in last.get_content().split('\n') if l.startswith('Subject')], 'body' in last.get_content())

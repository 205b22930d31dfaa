/* transmitsum - what remote has said, and how it ended, become rspawn's report for a recipient; see transmit.h.  Any bytes
 * make one report, and it is a success only after a regular end that said K of the message. */
#include <string.h>

#include "core/sys/proc.h"
#include "queue/transmit.h"

/* The i-th part of what remote said; p NULL: there is none. */
static struct str part(struct str said, size_t i)
{
	struct str p = {NULL, 0};

	do
		p = said.p && said.n ? str_cut(&said, 0) : (struct str){NULL, 0};
	while (p.p && i--);
	return p;
}

/* The part about the message: the first that is not about a recipient. */
static struct str verdict(struct str said)
{
	struct str p;

	for (size_t i = 0; (p = part(said, i)).p; i++)
		if (p.n && strchr("KZD", p.p[0]))
			break;
	return p;
}

static int rank(char letter)
{
	return letter == 'K' || letter == 'r' ? 1 : letter == 'D' || letter == 'h' ? -1 : 0;
}

void transmit_summary(int status, struct str said, size_t i, struct buf *report)
{
	static const char letters[] = "DZK";

	if (proc_crashed(status)) {
		buf_adds(report, "Zqmail-remote crashed. (#4.3.0)\n");
		return;
	}
	if (proc_code(status) != 0) {
		bool soft = proc_code(status) == 111;

		buf_fmt(report, "%s qmail-remote. (#%c.3.0)\n", soft ? "ZUnable to run" : "DUnable to run", soft ? '4' : '5');
		return;
	}
	if (!said.n) {
		buf_adds(report, "Zqmail-remote produced no output. (#4.3.0)\n");
		return;
	}
	struct str first = part(said, i), message = verdict(said);

	/* when no recipient was spoken of there is one part for all */
	if (!first.n || !strchr("rhs", first.p[0]))
		first = part(said, 0);
	int result = message.n ? rank(message.p[0]) : 0, combined = result;

	if (first.n && (first.p[0] == 's' || first.p[0] == 'h'))
		combined = rank(first.p[0]);
	buf_addc(report, letters[combined + 1]);
	buf_add(report, str_from(first, 1));
	if (result <= combined && first.p != message.p)
		buf_add(report, str_from(message, 1));
}

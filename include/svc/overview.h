/* overview - all services of a directory at a glance, as svps(8) shows them. */
#ifndef SVC_OVERVIEW_H
#define SVC_OVERVIEW_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "svc/report.h"

struct overview_row {
	char *path;		/* DIR/NAME or DIR/NAME/log */
	char *name;		/* without DIR */
	bool log, first;	/* a logger; .svscan/log, which stands before all others */
	struct report report;
};
struct overview {
	VEC(struct overview_row) rows;
	int width;		/* of the first column */
};
struct overview_look {
	bool days;		/* "DD days, HH hrs, MM mins, SS secs" instead of seconds */
	bool colour;
	time_t now;
};

/* Read the services and loggers of dir: down, then waiting, then up ones, each by the time they are so. */
int overview_read(const char *dir, bool mains, bool logs, struct overview *o, struct err *e);
void overview_free(struct overview *o);
/* Append the lines of the services, or of the loggers, without those in trouble. */
void overview_text(const struct overview *o, bool logs, const struct overview_look *look, struct buf *out);
/* Append the line of svscan itself. */
void overview_svscan(const struct overview *o, const char *dir, pid_t pid, time_t since,
	const struct overview_look *look, struct buf *out);
/* Append an array of the objects of svstat(1). */
void overview_json(const struct overview *o, bool logs, time_t now, struct buf *out);

#endif

/* login - terminals of a user; see login.h. */
#include "core/sys/login.h"

#include <stdio.h>
#include <string.h>
#include <utmpx.h>

void login_each(const char *user, void (*each)(const char *device, void *arg), void *arg)
{
	char device[sizeof((struct utmpx *)0)->ut_line + 8];
	struct utmpx *u;

	setutxent();
	while ((u = getutxent())) {
		if (u->ut_type != USER_PROCESS || strlen(user) > sizeof u->ut_user ||
			strncmp(u->ut_user, user, sizeof u->ut_user) != 0)
			continue;
		snprintf(device, sizeof device, "/dev/%.*s", (int)sizeof u->ut_line, u->ut_line);
		/* a name that leaves /dev is somebody's trick */
		if (!strstr(device, ".."))
			each(device, arg);
	}
	endutxent();
}

/* logmatch - patterns over log lines; see logmatch.h. */
#include "svc/logmatch.h"

bool logmatch(const char *pattern, struct str line)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			if (!pattern[1])
				return true;
			line = str_from(line, str_chr(line, pattern[1]));
			if (!line.n)
				return false;
		} else {
			if (!line.n || line.p[0] != *pattern)
				return false;
			line = str_from(line, 1);
		}
	}
	return line.n == 0;
}

/* plugins - PLUGINn; see plugins.h. */
#include "core/conf/plugins.h"

#include <stdint.h>

#include "core/base/num.h"
#include "core/sys/env.h"

bool plugins_next(size_t *at, struct str *file)
{
	char *const *all = env_all();

	while (all && all[*at]) {
		struct str value = str_z(all[(*at)++]), name = str_cut(&value, '=');
		uint64_t n;

		if (value.p && str_starts(name, STR("PLUGIN")) && num_parse(str_from(name, 6), UINT32_MAX, &n)) {
			*file = value;
			return true;
		}
	}
	return false;
}

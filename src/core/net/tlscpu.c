/* tlscpu - OpenSSL's look at the processor, for the programs that speak no TLS.  Static builds for x86-64 are linked
 * with --wrap=OPENSSL_cpuid_setup.  The library calls that function as soon as a program starts, and again when it is
 * used for the first time; it has no effect but once.  Under a hypervisor every CPUID instruction is a trap of ten
 * microseconds or more, which sendmail and its like would pay for nothing.  So the call at the start is passed over;
 * the other one still comes before anything depends on its result. */
#include "config.h"

#ifdef LATE_CPUID
#include <stdbool.h>

void __real_OPENSSL_cpuid_setup(void);
void __wrap_OPENSSL_cpuid_setup(void);

void __wrap_OPENSSL_cpuid_setup(void)
{
	static bool started;

	if (started)
		__real_OPENSSL_cpuid_setup();
	started = true;
}
#endif

/* fault - make any system call fail or any process die on purpose (crash tests).
 * Built only with -Dfaults=true; otherwise every hook vanishes.
 * FAULT_AT="PROG:N:WHAT": in processes titled PROG the N-th wrapped call is replaced by
 * WHAT = kill (SIGKILL before the call) or an errno number.  FAULT_ONCE=FILE: only the first process
 * to create the file is hit.  FAULT_TRACE=FILE: append one line "PROG n call" per call.
 * Only room sys uses this. */
#ifndef CORE_SYS_FAULT_H
#define CORE_SYS_FAULT_H

#ifdef FAULTS
/* Whether the call about to be made must fail; errno is set then. */
int fault_hit(const char *call);
#define FAULT(call) fault_hit(call)
void fault_program(const char *name);	/* the process is now this program: counting restarts */
#else
#define FAULT(call) 0
#define fault_program(name) ((void)0)
#endif

#endif

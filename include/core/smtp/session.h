/* session - one SMTP conversation: state, verbs, and what happens between MAIL and the final reply.
 * The engine reads a struct in and answers on a struct out; what it needs from outside (a queue, the log,
 * the clock) arrives as function pointers.  RFC 5321; policy reference section 1. */
#ifndef CORE_SMTP_SESSION_H
#define CORE_SMTP_SESSION_H

#include <time.h>

#include "core/net/tls.h"
#include "core/smtp/hosts.h"
#include "core/smtp/match.h"
#include "core/smtp/reply.h"
#include "core/sys/in.h"

/* What a server knows before the client says anything; read once by smtp_config_read. */
struct smtp_config {
	const char *name;		/* what log lines begin with: "qmail-smtpd" */
	bool mini;			/* the small server: classic replies, few extensions */
	struct list greeting;		/* the 220 lines; the first is our name */
	const char *ip, *host;		/* the client: address and name, "unknown" without */
	const char *info;		/* ident answer, NULL none */
	const char *local;		/* our name for Received; NULL when the connection does not say */
	const char *tls;		/* TLS_PROVIDER, NULL: no encryption around us */
	bool starttls, smtps, force_tls;
	const char *refuse;		/* SHUTDOWN: its value, NULL open for business */
	struct buf localiphost;		/* replaces our own [address] in recipients */
	long port;			/* 25, 366 and 587 have personalities of their own */
	long timeout, maxhops, maxcmdlen, databytes, maxrecipients;
	bool relay;			/* RELAYCLIENT */
	bool dsn;			/* the queue takes delivery status parameters */
	struct buf relay_suffix;
	bool utf8, allow_lf, no_vrfy, no_help, plain_greeting, enhanced, hide_host;
	struct hosts hosts;
	struct match badmailfrom;
};

/* The outside world.  ctx is the first argument of every call; no pointer is NULL. */
struct smtp_hooks {
	void *ctx;
	/* one message, in this order; see queue/client.h for what close returns */
	int (*open)(void *ctx, struct err *e);
	void (*put)(void *ctx, const char *p, size_t n);
	void (*from)(void *ctx, struct str sender);
	void (*to)(void *ctx, struct str rcpt);
	void (*params)(void *ctx, struct str text);		/* of the address just given, see dsn.h; not empty */
	void (*fail)(void *ctx);
	const char *(*close)(void *ctx);
	unsigned long (*qp)(void *ctx);
	void (*log)(void *ctx, const char *text);		/* one line without its newline */
	void (*idle)(void *ctx);				/* the client has been silent for a second */
	void (*pause)(void *ctx, unsigned seconds);		/* make a refused client wait */
	bool (*own_ip)(void *ctx, struct str ip);		/* is this address ours? */
	time_t (*now)(void *ctx);
	bool (*tls_offer)(void *ctx);				/* is there a certificate for STARTTLS? */
	int (*tls_prepare)(void *ctx, struct err *e);		/* see whether it can be used: 0 or -1 */
	/* The handshake on the session's descriptors: 0 with what was agreed on; *t is NULL when somebody else speaks TLS for
	 * us from now on.  -1 with e. */
	int (*tls_start)(void *ctx, struct tls_facts *f, struct tls **t, struct err *e);
	long pid;
};

struct session {
	struct smtp_config *conf;
	const struct smtp_hooks *hooks;
	struct in *in;
	struct reply reply;
	struct buf line;
	struct buf helo;		/* what the client calls itself */
	bool helo_seen, esmtp;
	struct buf sender;
	bool mail_seen, size_refused, body_utf8;
	struct buf auth_param;		/* AUTH= of MAIL */
	struct buf params;		/* delivery status parameters of MAIL as the queue takes them, empty none */
	struct buf rcpts;		/* each: L (ours) or R (relayed), address, NUL, its parameters, NUL */
	size_t rcpt_count;
	struct buf rcpt;		/* the one being checked ... */
	struct buf rcpt_params;		/* ... and its delivery status parameters */
	bool rcpt_ours;
	struct str param_rest;		/* what follows the address in MAIL and RCPT */
	bool secured;			/* by us: facts holds */
	struct tls_facts facts;
	struct tls *tls;		/* in this process; NULL: plain text reaches us */
	struct buf cert_email;		/* whose certificate lets the client relay, empty none */
	int remarks;			/* of the spam filter about the message under way: a file, 0 none */
	bool between;			/* waiting for a command */
	struct session_aside *aside;
	struct env_copy *before;	/* the environment without the rules of this transaction, NULL: none has applied */
	bool stale;			/* the policy files were read under rules */
	struct list domainqueue;	/* lines of that file ... */
	bool domainqueue_read;		/* ... for this transaction */
	bool done;
	int code;			/* exit code once done */
};

/* Read every setting; ip and the like are views of the environment.  smtp_config_free always.
 * An unreadable control file is the error. */
int smtp_config_read(struct smtp_config *c, struct err *e);
/* Read those again that count for one transaction: policy files, limits and switches of MAIL, RCPT and DATA.
 * All or, with -1 and e, nothing. */
int smtp_config_policy(struct smtp_config *c, struct err *e);
/* The same for the small server, which knows few settings (policy reference section 14). */
int smtp_config_mini(struct smtp_config *c, struct err *e);
void smtp_config_free(struct smtp_config *c);

/* What a session is that has been put aside while its client is silent (aside.h). */
struct session_aside {
	bool allowed;		/* it may be put aside */
	bool resumed;		/* state is what an earlier run left */
	bool late;		/* ... and its client did not go on in time */
	struct buf *state;
};
enum { SESSION_ASIDE = -1 };

/* Hold the conversation from the greeting to the end; returns the exit code of the server: 0 after
 * QUIT, 1 otherwise.  in and out are set up by the caller, with their timeouts; output is flushed whenever
 * the engine would wait for input.  With aside (NULL: never) SESSION_ASIDE is a result, too. */
int session_run(struct smtp_config *c, const struct smtp_hooks *h, struct in *in, struct out *out,
	struct session_aside *aside);

/* For the verbs: hang up with this exit code after the reply that was just given. */
void session_end(struct session *s, int code);
/* There is no transaction (any more), and what rules have changed for it is as before. */
void session_forget(struct session *s);
/* After STARTTLS: the client is who it was before it said anything. */
void session_greet_anew(struct session *s);
/* Reading failed or timed out: log, answer where that makes sense, end. */
void session_read_failed(struct session *s, bool timeout, const char *why);
/* A CR or LF that ends no line: the stream cannot be trusted any more (see data.h).  what: "Bare LF". */
void session_stray(struct session *s, const char *what);
/* A log line "qmail-smtpd: pid N from IP ..." (policy reference 1.18). */
void session_log(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

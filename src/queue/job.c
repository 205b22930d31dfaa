/* job - messages at work; see job.h. */
#include "queue/job.h"

#include "core/base/mem.h"

struct job *job_new(uint64_t id)
{
	struct job *j = mem_alloc(sizeof *j);

	j->id = id;
	return j;
}

void job_free(struct job *j)
{
	for (size_t i = 0; i < j->rcpts.n; i++)
		mem_free(j->rcpts.p[i].report);
	vec_free(&j->rcpts);
	notify_free(j);
	vec_free(&j->notes.v);
	arena_free(&j->mem);
	mem_free(j);
}

bool job_dying(const struct sched *s, const struct job *j, time_t now)
{
	return now > j->birth + (j->sender.n ? s->lifetime : s->bouncelifetime);
}

/* The table of first attempts, needed when todo-proc reports one settled: few entries, open addressing. */
static size_t slot_of(const struct sched *s, uint64_t id)
{
	size_t i = (size_t)(id * 11400714819323198485u >> 32) & (s->jobs_size - 1);

	while (s->jobs[i] && s->jobs[i]->id != id)
		i = (i + 1) & (s->jobs_size - 1);
	return i;
}

struct job *job_find(const struct sched *s, uint64_t id)
{
	return s->jobs_size ? s->jobs[slot_of(s, id)] : NULL;
}

void job_add(struct sched *s, struct job *j)
{
	if ((s->jobs_used + 1) * 2 > s->jobs_size) {
		struct sched old = *s;

		s->jobs_size = old.jobs_size ? old.jobs_size * 2 : 64;
		s->jobs = mem_alloc(s->jobs_size * sizeof *s->jobs);
		for (size_t i = 0; i < old.jobs_size; i++)
			if (old.jobs[i])
				s->jobs[slot_of(s, old.jobs[i]->id)] = old.jobs[i];
		mem_free(old.jobs);
	}
	s->jobs[slot_of(s, j->id)] = j;
	s->jobs_used++;
}

void job_del(struct sched *s, const struct job *j)
{
	size_t i = slot_of(s, j->id);

	s->jobs[i] = NULL;
	s->jobs_used--;
	/* what follows in the run may have been pushed on by the entry that left */
	for (i = (i + 1) & (s->jobs_size - 1); s->jobs[i]; i = (i + 1) & (s->jobs_size - 1)) {
		struct job *k = s->jobs[i];

		s->jobs[i] = NULL;
		s->jobs[slot_of(s, k->id)] = k;
	}
}

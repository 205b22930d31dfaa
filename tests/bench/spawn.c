/* spawn N ATONCE INPUT PROGRAM ARG... - start a program N times, ATONCE side by side, each with INPUT as its standard input;
 * print how many ended per second, and on standard error how many failed. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int end_of_one(void)
{
	int status = 0;

	return wait(&status) < 0 || status != 0;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t input;
	int running = 0, bad = 0;
	pid_t pid;

	if (argc < 5)
		return 100;
	int n = atoi(argv[1]), at_once = atoi(argv[2]);

	posix_spawn_file_actions_init(&input);
	posix_spawn_file_actions_addopen(&input, 0, argv[3], O_RDONLY, 0);
	double start = now();

	for (int i = 0; i < n; i++) {
		if (running == at_once)
			bad += end_of_one(), running--;
		if (posix_spawn(&pid, argv[4], &input, NULL, argv + 4, environ) == 0)
			running++;
		else
			bad++;
	}
	while (running-- > 0)
		bad += end_of_one();
	printf("%.0f\n", n / (now() - start));
	if (bad)
		fprintf(stderr, "# %d of %d calls failed\n", bad, n);
	return bad != 0;
}

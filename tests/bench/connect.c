/* connect - load for tcpserver.sh: connect, read the banner, send QUIT, read to the end, again and again.
 *	connect PORT SECONDS PROCESSES
 * Prints the connections per second that went as they should, and how many did not. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each process has an address of its own, so that ports last. */
static int talk(int port, int who)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000100u + (unsigned)who)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(0x7f000001)};
	struct timeval patience = {10, 0};
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1, good = 0;
	char text[512];
	ssize_t n;

	setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (bind(s, (struct sockaddr *)&from, sizeof from) == 0 && connect(s, (struct sockaddr *)&to, sizeof to) == 0 &&
		read(s, text, sizeof text) > 3 && memcmp(text, "220", 3) == 0 && write(s, "QUIT\r\n", 6) == 6) {
		good = read(s, text, sizeof text) > 3 && memcmp(text, "221", 3) == 0;
		while ((n = read(s, text, sizeof text)) > 0)
			;
	}
	close(s);
	return good;
}

int main(int argc, char **argv)
{
	int port = argc > 3 ? atoi(argv[1]) : 0, processes = argc > 3 ? atoi(argv[3]) : 0;
	double seconds = argc > 3 ? atof(argv[2]) : 0, start = now();
	long good = 0, bad = 0;

	if (processes < 1)
		return 100;
	long *count = mmap(NULL, (size_t)processes * 128, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < processes; i++) {
		if (fork())
			continue;
		while (now() - start < seconds)
			count[i * 16 + !talk(port, i)]++;
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < processes; i++) {
		good += count[i * 16];
		bad += count[i * 16 + 1];
	}
	printf("%.0f %ld\n", (double)good / (now() - start), bad);
	return 0;
}

#include "admin/cli.h"
#include "support/admin_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

/* In the order in which tools have always found them; ours behind. */
static const char *const show_info_keys[] = {"Name", "Version", "Release_date", "Nbthread", "Nbproc", "Process_num",
	"Pid", "Uptime", "Uptime_sec", "Memmax_MB", "PoolAlloc_MB", "PoolUsed_MB", "PoolFailed", "Ulimit-n", "Maxsock",
	"Maxconn", "Hard_maxconn", "CurrConns", "CumConns", "CumReq", "MaxSslConns", "CurrSslConns", "CumSslConns",
	"Maxpipes", "PipesUsed", "PipesFree", "ConnRate", "ConnRateLimit", "MaxConnRate", "SessRate", "SessRateLimit",
	"MaxSessRate", "SslRate", "SslRateLimit", "MaxSslRate", "SslFrontendKeyRate", "SslFrontendMaxKeyRate",
	"SslFrontendSessionReuse_pct", "SslBackendKeyRate", "SslBackendMaxKeyRate", "SslCacheLookups", "SslCacheMisses",
	"CompressBpsIn", "CompressBpsOut", "CompressBpsRateLim", "Tasks", "Run_queue", "Idle_pct", "node", "Stopping",
	"Jobs", "Unstoppable Jobs", "Listeners", "ActivePeers", "ConnectedPeers", "DroppedLogs", "BusyPolling",
	"FailedResolutions", "TotalBytesOut", "TotalSplicdedBytesOut", "BytesOutRate", "DebugCommandsIssued",
	"CumRecvLogs", "Build info", "Memmax_bytes", "PoolAlloc_bytes", "PoolUsed_bytes", "Start_time_sec", "Tainted",
	"Generation", "Maxconn_waits", "Descriptor_shortages", "Memory_bytes", "Memory_refused", "Memory_closed"};

static struct text show_info_ask(const char *command)
{
	struct text all = {0};
	struct fixture *f = fixture_create(false, 3);
	struct cli cli;
	cli_init(&cli, &f->host, CONFIG_LEVEL_USER, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, command, strlen(command));
	cr_assert_eq(cli_run(&cli), CLI_ENDED);
	text_add(&all, text_str(&cli.out));
	text_add_char(&all, '\0');
	cli_free(&cli);
	fixture_destroy(f);
	return all;
}

Test(show_info, keys_in_order_one_colon_each)
{
	struct text got = show_info_ask("show info\n");
	const char *line = got.data;
	for (size_t i = 0; i < sizeof show_info_keys / sizeof show_info_keys[0]; i++) {
		size_t n = strlen(show_info_keys[i]);
		const char *end = strchr(line, '\n');
		cr_assert_not_null(end, "ends before %s", show_info_keys[i]);
		cr_expect(!strncmp(line, show_info_keys[i], n) && !strncmp(line + n, ": ", 2) && end > line + n + 2,
			"expected %s: %.40s", show_info_keys[i], line);
		cr_expect_null(memchr(line + n + 1, ':', (size_t)(end - line) - n - 1), "two colons: %.40s", line);
		line = end + 1;
	}
	cr_expect_str_eq(line, "\n");
	text_free(&got);
}

Test(show_info, values)
{
	char pid[32];
	struct text got = show_info_ask("show info\n");
	snprintf(pid, sizeof pid, "\nPid: %d\n", (int)getpid());
	cr_expect_eq(strncmp(got.data, "Name: lbd\nVersion: 2.6.0-lbd", 28), 0);
	cr_expect_not_null(strstr(got.data, pid));
	cr_expect_not_null(strstr(got.data, "\nUptime: 0d 0h07m39s\nUptime_sec: 459\n"));
	cr_expect_not_null(strstr(got.data, "\nnode: testnode\n"));
	cr_expect_not_null(strstr(got.data, "\nMaxconn: 1000\n"));
	cr_expect_not_null(strstr(got.data, "\nIdle_pct: 100\n"));
	text_free(&got);
}

Test(show_info, typed_json_desc)
{
	struct text typed = show_info_ask("show info typed\n"), json = show_info_ask("show info json\n");
	struct text desc = show_info_ask("show info desc\n");
	cr_expect_eq(strncmp(typed.data, "0.Name.1:POS:str:lbd\n1.Version.1:POS:str:2.6.0-lbd", 50), 0);
	cr_expect_not_null(strstr(typed.data, "\n47.Tasks.1:MGP:u32:"));
	cr_expect_not_null(strstr(typed.data, "\n7.Uptime.1:MDP:str:0d 0h07m39s\n"));
	static const char start[] =
		"[{\"field\":{\"pos\":0,\"name\":\"Name\"},\"processNum\":1,\"tags\":{\"origin\":"
		"\"Product\",\"nature\":\"Output\",\"scope\":\"Service\"},\"value\":{\"type\":\"str\","
		"\"value\":\"lbd\"}},{";
	cr_expect_eq(strncmp(json.data, start, sizeof start - 1), 0, "%.200s", json.data);
	cr_expect_str_eq(json.data + strlen(json.data) - 5, "}}]\n\n");
	cr_expect_not_null(strstr(desc.data, "Name: lbd:\"the program\"\n"));
	text_free(&typed);
	text_free(&json);
	text_free(&desc);
}

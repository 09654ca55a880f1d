#include "stats/stat_write.h"

#include "stats/column.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* The fixed positions: the order that tools which read by position rely on. Written out here a second time, on purpose.
 */
static const char stat_write_fixed[] =
	"# "
	"pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,"
	"act,"
	"bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,"
	"check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_"
	"rate,"
	"req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,"
	"ctime,"
	"rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,"
	"agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,"
	"dses,"
	"wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,"
	"idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,"
	"agg_check_status,-,";
static const char stat_write_own[] =
	"health,admin_state,brk_state,brk_since,brk_err_pct,brk_requests,brk_threshold_pct,brk_opens,brk_trials_ok,"
	"brk_trials_need,lat_p50_us,lat_p90_us,lat_p99_us,lat_max_us,chk_hist,drain_since,eff_weight,"
	"rate_limited,rate_limited_dry,costly_requests,sources_uncounted,lenient_responses,retries_refused,pick_invalid,"
	"queued,\n";

Test(stat_write, header)
{
	struct text t = {0};
	stat_write_csv_header(&t);
	text_add_char(&t, '\0');
	cr_assert_eq(strncmp(t.data, stat_write_fixed, sizeof stat_write_fixed - 1), 0);
	cr_assert_str_eq(t.data + sizeof stat_write_fixed - 1, stat_write_own);
	text_free(&t);
}

Test(stat_write, positions_do_not_count_the_dash)
{
	cr_expect_str_eq(stat_column(103)->name, "-");
	cr_expect_eq(stat_column_position(102), 102u);
	cr_expect_eq(stat_column_position(104), 103u);
}

Test(stat_write, every_column_is_well_formed)
{
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		const struct stat_column *c = stat_column(i);
		cr_expect(c->help[0] && c->kinds[0], "%s", c->name);
		cr_expect_eq(strlen(c->tags), i == 103 ? 0u : 3u, "%s", c->name);
		cr_expect_eq(strspn(c->kinds, "FBShc"), strlen(c->kinds), "%s", c->name);
		cr_expect(c->source != STAT_FROM_TEXT || c->type == FIELD_STR, "%s", c->name);
	}
}

static const struct {
	const char *text, *csv;
} stat_write_quoting[] = {
	{"plain", "plain"},
	{"", ""},
	{"a b:c", "a b:c"},
	{"a,b", "\"a,b\""},
	{"say \"x\"", "\"say \"\"x\"\"\""},
	{"a\rb", "\"a\rb\""},
};

Test(stat_write, quoting)
{
	for (size_t i = 0; i < sizeof stat_write_quoting / sizeof stat_write_quoting[0]; i++) {
		struct text t = {0};
		struct field_value v = {.type = FIELD_STR, .text = stat_write_quoting[i].text};
		field_add_csv(&t, &v);
		cr_expect(str_equal(text_str(&t), str_of(stat_write_quoting[i].csv)), "%s", stat_write_quoting[i].text);
		text_free(&t);
	}
}

static const struct {
	enum field_type type;
	uint64_t number;
	const char *expected;
} stat_write_numbers[] = {
	{FIELD_U64, UINT64_MAX, "18446744073709551615"},
	{FIELD_U32, 0, "0"},
	{FIELD_S32, (uint64_t)-1, "-1"},
	{FIELD_S32, 7, "7"},
	{FIELD_S32, (uint64_t)INT64_MIN, "-9223372036854775808"},
};

Test(stat_write, numbers)
{
	for (size_t i = 0; i < sizeof stat_write_numbers / sizeof stat_write_numbers[0]; i++) {
		struct text t = {0};
		struct field_value v = {.type = stat_write_numbers[i].type, .number = stat_write_numbers[i].number};
		field_add_plain(&t, &v);
		cr_expect(str_equal(text_str(&t), str_of(stat_write_numbers[i].expected)), "%s",
			stat_write_numbers[i].expected);
		text_free(&t);
	}
}

Test(stat_write, json_strings)
{
	struct text t = {0};
	field_add_json_string(&t, "a\"b\\c\n\xc3");
	cr_assert(str_equal(text_str(&t), str_of("\"a\\\"b\\\\c\\u000a\\u00c3\"")));
	text_free(&t);
}

/* A row of nothing has the fixed cells and as many commas as the header. */
Test(stat_write, empty_row)
{
	for (enum stat_kind kind = STAT_FRONTEND; kind <= STAT_SERVER; kind++) {
		struct stat_row row;
		struct text t = {0};
		unsigned commas = 0;
		stat_row_init(&row, kind, "px", 9, "sv");
		stat_write_csv(&t, &row);
		text_add_char(&t, '\0');
		for (size_t i = 0; i < t.n; i++)
			commas += t.data[i] == ',';
		cr_expect_eq(commas, stat_column_count());
		cr_expect_eq(strncmp(t.data, "px,sv,,,,,,0,0,0,", 17), 0);
		cr_expect_not_null(strstr(t.data, ",-,,"));
		text_free(&t);
	}
}

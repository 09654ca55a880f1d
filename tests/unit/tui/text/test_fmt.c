#include "text/fmt.h"

#include <criterion/criterion.h>
#include <math.h>

Test(fmt, count)
{
	static const struct {
		double in;
		const char *out;
	} cases[] = {{0, "0"}, {0.25, "0.2"}, {3, "3"}, {9.96, "10"}, {318, "318"}, {999.4, "999"}, {999.6, "1.00k"},
		{1210, "1.21k"}, {12340, "12.3k"}, {99960, "100k"}, {999600, "1.00M"}, {18200000, "18.2M"},
		{1e30, ">999E"}, {-5, "0"}, {NAN, "-"}, {INFINITY, "-"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[FMT_MAX];
		cr_expect_str_eq(fmt_count(out, cases[i].in), cases[i].out, "%f", cases[i].in);
	}
}

Test(fmt, bytes)
{
	char out[FMT_MAX];

	cr_expect_str_eq(fmt_bytes(out, 999), "999");
	cr_expect_str_eq(fmt_bytes(out, 3400000), "3.4M");
	cr_expect_str_eq(fmt_bytes(out, 41e6), "41M");
	cr_expect_str_eq(fmt_bytes(out, NAN), "-");
}

Test(fmt, us)
{
	static const struct {
		int64_t in;
		const char *out;
	} cases[] = {{-1, "-"}, {0, "0us"}, {999, "999us"}, {1000, "1.0ms"}, {9949, "9.9ms"}, {11000, "11ms"},
		{999499, "999ms"}, {999500, "1.0s"}, {1400000, "1.4s"}, {12000000, "12s"}, {600000000, "10m"},
		{INT64_MAX, ">10h"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[FMT_MAX];
		cr_expect_str_eq(fmt_us(out, cases[i].in), cases[i].out, "%lld", (long long)cases[i].in);
	}
}

Test(fmt, age)
{
	static const struct {
		int64_t in;
		const char *out;
	} cases[] = {{-1, "-"}, {0, "0s"}, {59, "59s"}, {60, "1m"}, {3599, "59m"}, {3600, "1h00m"}, {11040, "3h04m"},
		{86399, "23h59m"}, {273600, "3d4h"}, {1047600, "12d03h"}, {86400000, "1000d"}, {INT64_MAX, "99999d"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[FMT_MAX];
		cr_expect_str_eq(fmt_age(out, cases[i].in), cases[i].out, "%lld", (long long)cases[i].in);
	}
}

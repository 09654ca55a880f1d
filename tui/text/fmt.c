/* Short figures for narrow columns. */
#include "text/fmt.h"

#include <math.h>
#include <stdio.h>

static char *fmt_unknown(char buf[FMT_MAX])
{
	snprintf(buf, FMT_MAX, "-");
	return buf;
}

/* v scaled below 1000; the steps are tried after rounding, so that 999.6 becomes 1.00k and not 1000. */
static int fmt_scale(double *v)
{
	int step = 0;

	while (*v >= 999.5 && step < 6) {
		*v /= 1000;
		step++;
	}
	return step;
}

char *fmt_count(char buf[FMT_MAX], double v)
{
	static const char unit[] = "\0kMGTPE";

	if (!isfinite(v))
		return fmt_unknown(buf);
	if (v < 0)
		v = 0;
	if (v < 9.95) {
		snprintf(buf, FMT_MAX, v > 0 && v != floor(v) ? "%.1f" : "%.0f", v);
		return buf;
	}
	int step = fmt_scale(&v);
	if (v >= 999.5) {
		snprintf(buf, FMT_MAX, ">999E");
		return buf;
	}
	int decimals = step == 0 ? 0 : v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
	snprintf(buf, FMT_MAX, "%.*f%c", decimals, v, unit[step]);
	return buf;
}

char *fmt_bytes(char buf[FMT_MAX], double v)
{
	static const char unit[] = "\0kMGTPE";

	if (!isfinite(v))
		return fmt_unknown(buf);
	if (v < 0)
		v = 0;
	int step = fmt_scale(&v);
	if (v >= 999.5)
		v = 999;
	snprintf(buf, FMT_MAX, "%.*f%c", step > 0 && v < 9.95 ? 1 : 0, v, unit[step]);
	return buf;
}

char *fmt_us(char buf[FMT_MAX], int64_t us)
{
	if (us < 0)
		return fmt_unknown(buf);
	if (us < 1000)
		snprintf(buf, FMT_MAX, "%dus", (int)us);
	else if (us < 9950)
		snprintf(buf, FMT_MAX, "%.1fms", (double)us / 1e3);
	else if (us < 999500)
		snprintf(buf, FMT_MAX, "%.0fms", (double)us / 1e3);
	else if (us < 9950000)
		snprintf(buf, FMT_MAX, "%.1fs", (double)us / 1e6);
	else if (us < INT64_C(600000000))
		snprintf(buf, FMT_MAX, "%.0fs", (double)us / 1e6);
	else if (us < INT64_C(36000000000))
		snprintf(buf, FMT_MAX, "%.0fm", (double)us / 6e7);
	else
		snprintf(buf, FMT_MAX, ">10h");
	return buf;
}

char *fmt_age(char buf[FMT_MAX], int64_t seconds)
{
	long long s = seconds;

	if (s < 0)
		return fmt_unknown(buf);
	if (s < 60)
		snprintf(buf, FMT_MAX, "%llds", s);
	else if (s < 3600)
		snprintf(buf, FMT_MAX, "%lldm", s / 60);
	else if (s < 86400)
		snprintf(buf, FMT_MAX, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else if (s < 86400 * INT64_C(1000))
		snprintf(buf, FMT_MAX, s < 864000 ? "%lldd%lldh" : "%lldd%02lldh", s / 86400, s / 3600 % 24);
	else
		snprintf(buf, FMT_MAX, "%lldd", s / 86400 > 99999 ? 99999 : s / 86400);
	return buf;
}

char *fmt_percent(char buf[FMT_MAX], double v)
{
	if (!isfinite(v))
		return fmt_unknown(buf);
	snprintf(buf, FMT_MAX, v < 9.95 ? "%.1f" : "%.0f", v);
	return buf;
}

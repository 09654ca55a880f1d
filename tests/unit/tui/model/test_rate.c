#include "model/rate.h"

#include <criterion/criterion.h>
#include <math.h>

#include "model/ring.h"

static struct snapshot_row rate_row(enum row_type type, int64_t requests, int64_t econ, int64_t eresp, int64_t ereq)
{
	struct snapshot_row row = {0};

	for (int i = 0; i < FN_COUNT; i++)
		row.num[i] = ROW_ABSENT;
	row.num[FN_type] = type;
	row.num[FN_req_tot] = requests;
	row.num[FN_econ] = econ;
	row.num[FN_eresp] = eresp;
	row.num[FN_ereq] = ereq;
	return row;
}

Test(rate, real_time_between_polls)
{
	struct rates rates;
	struct snapshot_row row = rate_row(ROW_SERVER, 100, 1, 1, 50);

	rates_init(&rates);
	rates_update(&rates, &row, 0);
	cr_expect(isnan(rates.per_second[RATE_requests]));
	row = rate_row(ROW_SERVER, 150, 2, 4, 999);
	rates_update(&rates, &row, 500);
	cr_expect_float_eq(rates.per_second[RATE_requests], 100.0f, 0.01f);
	cr_expect_float_eq(rates.per_second[RATE_errors], 8.0f, 0.01f, "connect and response errors");
	cr_expect(isnan(rates.per_second[RATE_bytes_in]), "an absent counter has no rate");
}

Test(rate, a_frontend_counts_bad_requests)
{
	struct rates rates;
	struct snapshot_row row = rate_row(ROW_FRONTEND, 0, ROW_ABSENT, ROW_ABSENT, 10);

	rates_init(&rates);
	rates_update(&rates, &row, 0);
	row = rate_row(ROW_FRONTEND, 0, ROW_ABSENT, ROW_ABSENT, 12);
	rates_update(&rates, &row, 1000);
	cr_expect_float_eq(rates.per_second[RATE_errors], 2.0f, 0.01f);
}

Test(rate, a_reset_is_unknown_and_never_a_spike)
{
	struct rates rates;
	struct snapshot_row row = rate_row(ROW_SERVER, 1000000, 0, 0, 0);

	rates_init(&rates);
	rates_update(&rates, &row, 0);
	row.num[FN_req_tot] = 5;
	rates_update(&rates, &row, 1000);
	cr_expect(isnan(rates.per_second[RATE_requests]));
	row.num[FN_req_tot] = 15;
	rates_update(&rates, &row, 1000);
	cr_expect_float_eq(rates.per_second[RATE_requests], 10.0f, 0.01f);
	row.num[FN_req_tot] = ROW_ABSENT;
	rates_update(&rates, &row, 1000);
	row.num[FN_req_tot] = 1000;
	rates_update(&rates, &row, 1000);
	cr_expect(isnan(rates.per_second[RATE_requests]));
}

Test(ring, keeps_the_newest)
{
	struct ring ring = {0};

	cr_expect(isnan(ring_get(&ring, 0)));
	for (int i = 0; i < RING_SAMPLES + 5; i++)
		ring_push(&ring, i);
	cr_expect_float_eq(ring_get(&ring, 0), RING_SAMPLES + 4, 0.01);
	cr_expect_float_eq(ring_get(&ring, RING_SAMPLES - 1), 5, 0.01);
	cr_expect(isnan(ring_get(&ring, RING_SAMPLES)));
}

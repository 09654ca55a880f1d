#include "base/list.h"

#include <criterion/criterion.h>

struct list_case {
	struct list link;
	int id;
};

static int list_digits(const struct list *head)
{
	int digits = 0, back = 0, scale = 1;
	for (const struct list *at = head->next; at != head; at = at->next)
		digits = digits * 10 + ((const struct list_case *)(const void *)at)->id;
	for (const struct list *at = head->prev; at != head; at = at->prev, scale *= 10)
		back += scale * ((const struct list_case *)(const void *)at)->id;
	cr_assert_eq(digits, back, "both directions tell the same");
	return digits;
}

Test(list, prepends_all_of_another)
{
	struct list head, from;
	struct list_case a = {.id = 1}, b = {.id = 2}, c = {.id = 3};
	list_init(&head);
	list_init(&from);
	list_prepend_all(&head, &from);
	cr_assert(list_empty(&head));
	list_append(&from, &a.link);
	list_prepend_all(&head, &from);
	cr_assert_eq(list_digits(&head), 1);
	cr_assert(list_empty(&from));
	list_append(&from, &b.link);
	list_append(&from, &c.link);
	list_prepend_all(&head, &from);
	cr_assert_eq(list_digits(&head), 231);
	cr_assert(list_empty(&from));
}

Test(list, appends_prepends_and_removes)
{
	struct list head;
	struct list_case a = {.id = 1}, b = {.id = 2}, c = {.id = 3};
	list_init(&head);
	cr_assert(list_empty(&head));
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_prepend(&head, &c.link);
	cr_assert_eq(list_digits(&head), 312);
	list_remove(&a.link);
	cr_assert_eq(list_digits(&head), 32);
	cr_assert(list_empty(&a.link));
	list_remove(&a.link);
	cr_assert_eq(list_digits(&head), 32);
	list_append(&c.link, &a.link); /* behind the last before c: in front of c */
	cr_assert_eq(list_digits(&head), 132);
	list_remove(&a.link);
	list_remove(&b.link);
	list_remove(&c.link);
	cr_assert(list_empty(&head));
}

#include "http/path.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4096 };

static enum http_error path_normal(const char *path, size_t n, char *room, struct str *normal)
{
	*normal = str_make(path, n);
	return http_path_is_normal(*normal) ? HTTP_ERROR_NONE : http_path_normalize(*normal, room, normal);
}

Test(path, each_spelling_has_its_normal_form)
{
	static const struct {
		const char *path, *normal; /* normal NULL: refused */
	} cases[] = {
		{"/", "/"},
		{"/admin", "/admin"},
		{"/a.b/c..d/...", "/a.b/c..d/..."},
		{"/.git/.x/..y", "/.git/.x/..y"},
		{"/~user/a-b_c;p=1,2/@x:y/(!$&'*+=)", "/~user/a-b_c;p=1,2/@x:y/(!$&'*+=)"},
		/* unreserved characters */
		{"/%61dmin", "/admin"},
		{"/%61%64%6D%69%6e", "/admin"},
		{"/%7euser/%2D%2e%5F%30%39%41%5A%7A", "/~user/-._09AZz"},
		/* the others, with upper-case digits; decoded once only */
		{"/a%20b%2fc%3F%23%25%00%c3%bc", "/a%20b%2Fc%3F%23%25%00%C3%BC"},
		{"/%2561dmin", "/%2561dmin"},
		{"/%25%36%31", "/%2561"},
		{"/%2f%5cadmin", "/%2F%5Cadmin"},
		{"/%40%7B%21", "/%40%7B%21"},
		/* slashes */
		{"//admin", "/admin"},
		{"///a////b//", "/a/b/"},
		{"/\\admin", "/admin"},
		{"/a\\b\\\\c", "/a/b/c"},
		/* dot segments */
		{"/./admin", "/admin"},
		{"/x/../admin", "/admin"},
		{"/%2e/admin", "/admin"},
		{"/x/%2E%2e/admin", "/admin"},
		{"/x/.%2e/admin", "/admin"},
		{"/x\\..\\admin", "/admin"},
		{"/a/b/../../c", "/c"},
		{"/a/./././b/.", "/a/b/"},
		{"/a/b/..", "/a/"},
		{"/a/..", "/"},
		{"/a/../", "/"},
		{"/.", "/"},
		{"/./", "/"},
		{"//a//..//b", "/b"},
		{"/x/..;/admin", "/x/..;/admin"},
		/* what is no path */
		{"*", "*"},
		{"a.example:443", "a.example:443"},
		{"", ""},
		/* above the root */
		{"/..", NULL},
		{"/../admin", NULL},
		{"//../admin", NULL},
		{"/a/../../b", NULL},
		{"/%2e%2e/x", NULL},
		{"/.%2e", NULL},
		{"/\\..", NULL},
		/* no sequence */
		{"/%", NULL},
		{"/a%2", NULL},
		{"/%zz", NULL},
		{"/%%36%31", NULL},
		{"/%u0061", NULL},
		{"/100%/x", NULL},
		/* dots that only some servers take for a segment */
		{"/x/..%2fadmin", NULL},
		{"/x%2f..%2Fadmin", NULL},
		{"/x%2f../admin", NULL},
		{"/x%2f..", NULL},
		{"/x/.%5cadmin", NULL},
		{"/%2f%2e/x", NULL},
		{"/a%2f...%2f.b/c", "/a%2F...%2F.b/c"},
	};
	char room[ROOM];
	struct str normal;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *path = cases[i].path, *want = cases[i].normal;
		enum http_error error = path_normal(path, strlen(path), room, &normal);
		cr_expect_eq(error, want ? HTTP_ERROR_NONE : HTTP_ERROR_PATH, "%s", path);
		if (want && !error)
			cr_expect(str_equal(normal, str_of(want)), "%s: %.*s", path, (int)normal.n, normal.p);
	}
}

/* Whatever the quick look says is normal must be so, wherever in the path the odd bytes stand. */
Test(path, the_quick_look_overlooks_nothing)
{
	static const char *const odd[] = {"%41", "\\", "//", "/./", "/../", "/."};
	char path[64], room[64];
	struct str normal;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		for (size_t at = 2; at < 40; at++) {
			memset(path, 'a', sizeof path);
			path[0] = '/';
			memcpy(path + at, odd[i], strlen(odd[i]));
			/* "/." is odd at the end only. */
			size_t n = i + 1 == sizeof odd / sizeof *odd ? at + 2 : 50;
			cr_expect_not(http_path_is_normal(str_make(path, n)), "%s at %zu", odd[i], at);
			cr_expect_eq(path_normal(path, n, room, &normal), HTTP_ERROR_NONE, "%s at %zu", odd[i], at);
			cr_expect(normal.n < n || (odd[i][0] == '\\' && normal.p[at] == '/'), "%s at %zu", odd[i], at);
		}
	memset(path, 'a', sizeof path);
	path[0] = '/';
	for (size_t n = 1; n < sizeof path; n++)
		cr_expect(http_path_is_normal(str_make(path, n)));
}

Test(path, strict_paths_have_no_byte_that_servers_differ_in)
{
	static const char *const loose[] = {"/%00", "/a%2fb", "/a%2F", "/%5c", "/x/%5Cy", "/%25%2f"};
	static const char *const strict[] = {"/", "*", "/a%20b", "/%252f", "/%2561", "/a%", "/%2", "/%zz%30", "/a\\b"};
	for (size_t i = 0; i < sizeof loose / sizeof *loose; i++)
		cr_expect_not(http_path_is_strict(str_of(loose[i])), "%s", loose[i]);
	for (size_t i = 0; i < sizeof strict / sizeof *strict; i++)
		cr_expect(http_path_is_strict(str_of(strict[i])), "%s", strict[i]);
	cr_expect(http_path_is_strict(str_make(NULL, 0)));
}

/*
 * The key decoder: the state machine of ECMA-48 control sequences (CSI, SS3, and the strings DCS, OSC, SOS, PM, APC),
 * plus the Linux console's "ESC [ [ A".
 */
#include "term/keys.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

void keys_init(struct keys *keys)
{
	*keys = (struct keys){.state = KEYS_GROUND};
}

bool keys_pending(const struct keys *keys)
{
	return keys->state != KEYS_GROUND;
}

static uint32_t keys_emit(struct keys *keys, uint32_t key)
{
	keys->state = KEYS_GROUND;
	return keys->paste ? key | TK_PASTED : key;
}

static uint32_t keys_letter(unsigned char final)
{
	switch (final) {
	case 'A':
		return TK_UP;
	case 'B':
		return TK_DOWN;
	case 'C':
		return TK_RIGHT;
	case 'D':
		return TK_LEFT;
	case 'H':
		return TK_HOME;
	case 'F':
		return TK_END;
	case 'Z':
		return TK_BACKTAB;
	case 'M':
		return TK_ENTER; /* the keypad's, in application mode; as a CSI it cannot come, the mouse is off */
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return TK_F0 + 1 + (uint32_t)(final - 'P');
	default:
		return TK_UNKNOWN;
	}
}

/* "ESC [ N ~": the VT220 family. A modifier of Shift moves F1-F12 to F13-F24. */
static uint32_t keys_tilde(const char *param)
{
	static const uint8_t function[] = {[11] = 1,
		[12] = 2,
		[13] = 3,
		[14] = 4,
		[15] = 5,
		[17] = 6,
		[18] = 7,
		[19] = 8,
		[20] = 9,
		[21] = 10,
		[23] = 11,
		[24] = 12,
		[25] = 13,
		[26] = 14,
		[28] = 15,
		[29] = 16,
		[31] = 17,
		[32] = 18,
		[33] = 19,
		[34] = 20};
	static const uint32_t named[] = {[1] = TK_HOME,
		[2] = TK_INSERT,
		[3] = TK_DELETE,
		[4] = TK_END,
		[5] = TK_PGUP,
		[6] = TK_PGDN,
		[7] = TK_HOME,
		[8] = TK_END};
	char *end;
	unsigned long number = strtoul(param, &end, 10);
	bool shift = strcmp(end, ";2") == 0;

	if (number < sizeof named / sizeof *named && named[number])
		return named[number];
	if (number < sizeof function && function[number])
		return TK_F0 + function[number] + (shift && number < 25 ? 12u : 0u);
	return TK_UNKNOWN;
}

static uint32_t keys_csi_final(struct keys *keys, unsigned char final)
{
	keys->param[keys->param_len] = '\0';
	if (final == '~' && strcmp(keys->param, "200") == 0) {
		keys->paste = true;
		keys->state = KEYS_GROUND;
		return TK_NONE;
	}
	if (final == '~' && strcmp(keys->param, "201") == 0) {
		keys->paste = false;
		return keys_emit(keys, TK_PASTE_END);
	}
	uint32_t key = TK_UNKNOWN;
	if (final == '~')
		key = keys_tilde(keys->param);
	else if (final != 'M' && (keys->param_len == 0 || keys->param[0] == '1'))
		key = keys_letter(final);
	return keys_emit(keys, key);
}

static uint32_t keys_in_csi(struct keys *keys, unsigned char byte)
{
	if (byte == '[' && keys->param_len == 0) {
		keys->state = KEYS_CSI_LINUX;
		return TK_NONE;
	}
	if (byte >= 0x40 && byte <= 0x7E)
		return keys_csi_final(keys, byte);
	if (byte < 0x20 || byte > 0x7E)
		return keys_emit(keys, TK_UNKNOWN);
	if (keys->param_len + 1 < sizeof keys->param)
		keys->param[keys->param_len++] = (char)byte;
	else
		keys->param[0] = '?'; /* too long to mean anything to us */
	return TK_NONE;
}

static uint32_t keys_in_esc(struct keys *keys, unsigned char byte)
{
	uint32_t key;

	keys->param_len = 0;
	switch (byte) {
	case '[':
		keys->state = KEYS_CSI;
		return TK_NONE;
	case 'O':
		keys->state = KEYS_SS3;
		return TK_NONE;
	case 'P':
	case 'X':
	case ']':
	case '^':
	case '_':
		keys->state = KEYS_STRING;
		return TK_NONE;
	case 27:
		key = keys_emit(keys, TK_ESC);
		keys->state = KEYS_ESC;
		return key;
	default:
		break;
	}
	if (byte >= '0' && byte <= '9') /* Esc and a digit is a function key, for terminals that eat them */
		return keys_emit(keys, TK_F0 + (byte == '0' ? 10u : (uint32_t)(byte - '0')));
	return keys_emit(keys, TK_UNKNOWN);
}

static uint32_t keys_in_ground(struct keys *keys, unsigned char byte)
{
	if (byte == 27) {
		keys->state = KEYS_ESC;
		return TK_NONE;
	}
	if (byte < 0x80)
		return keys_emit(keys, byte == '\b' ? TK_BACKSPACE : byte);
	keys->utf8_need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
	keys->utf8[0] = (char)byte;
	keys->utf8_len = 1;
	keys->state = byte >= 0xC2 && byte <= 0xF4 ? KEYS_UTF8 : KEYS_GROUND;
	return keys->state == KEYS_UTF8 ? TK_NONE : keys_emit(keys, TK_UNKNOWN);
}

static uint32_t keys_in_utf8(struct keys *keys, unsigned char byte)
{
	uint32_t cp;

	if ((byte & 0xC0) != 0x80) {
		keys->state = KEYS_GROUND;
		return keys_in_ground(keys, byte);
	}
	keys->utf8[keys->utf8_len++] = (char)byte;
	if (keys->utf8_len < keys->utf8_need)
		return TK_NONE;
	utf8_decode(keys->utf8, keys->utf8_len, &cp);
	return keys_emit(keys, cp == UTF8_REPLACEMENT ? TK_UNKNOWN : cp);
}

uint32_t keys_push(struct keys *keys, unsigned char byte)
{
	switch (keys->state) {
	case KEYS_GROUND:
		return keys_in_ground(keys, byte);
	case KEYS_ESC:
		return keys_in_esc(keys, byte);
	case KEYS_CSI:
		return keys_in_csi(keys, byte);
	case KEYS_CSI_LINUX:
		return keys_emit(keys, byte >= 'A' && byte <= 'E' ? TK_F0 + 1 + (uint32_t)(byte - 'A') : TK_UNKNOWN);
	case KEYS_SS3:
		if (byte >= '0' && byte <= '9') /* a modifier, in some old terminals */
			return TK_NONE;
		return keys_emit(keys, keys_letter(byte));
	case KEYS_STRING:
		if (byte == 7)
			return keys_emit(keys, TK_UNKNOWN);
		keys->state = byte == 27 ? KEYS_STRING_ESC : KEYS_STRING;
		return TK_NONE;
	case KEYS_STRING_ESC:
		if (byte == '\\')
			return keys_emit(keys, TK_UNKNOWN);
		keys->state = KEYS_STRING;
		return TK_NONE;
	case KEYS_UTF8:
		return keys_in_utf8(keys, byte);
	}
	return TK_NONE;
}

uint32_t keys_timeout(struct keys *keys)
{
	bool lone = keys->state == KEYS_ESC;

	keys->state = KEYS_GROUND;
	return lone && !keys->paste ? TK_ESC : TK_NONE;
}

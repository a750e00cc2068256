/*
 * Codes and look-up tables, compiled by each implementation for its instruction set; included after rotation_rounds.h.
 * Sums run over sixteen lanes in a fixed order, so that the results are equal bit for bit.
 */
ALWAYS float sum_lanes(const float *lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

ALWAYS float dot_fixed(const float *a, const float *b, size_t n) {
    eight low = {0}, high = {0};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        eight first = GET(a + i) * GET(b + i), second = GET(a + i + 8) * GET(b + i + 8);
        low = low + first;
        high = high + second;
    }
    float rest = 0;
    for (; i < n; i++) {
        float product = a[i] * b[i];
        rest = rest + product;
    }
    float lanes[8];
    PUT(lanes, low + high);
    return sum_lanes(lanes) + rest;
}

static void encode_signs(const float *residual, const float *centre, size_t length, uint8_t *nibbles,
                         struct vexfs_code_facts *facts) {
    eight absolute = {0}, towards = {0};
    float absolute_rest = 0, towards_rest = 0;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        eight value = GET(residual + i), middle = GET(centre + i);
        eight_words positive = value > 0.0f;
        /* Where the sign is minus, the top bit of what is summed is turned over. */
        eight_words flip = ~positive & MINUS;
        absolute = absolute + (eight)((eight_words)value ^ flip);
        towards = towards + (eight)((eight_words)middle ^ flip);
        const eight_words weights = {1, 2, 4, 8, 1, 2, 4, 8};
        int32_t bits[8];
        *(eight_words_in_memory *)(void *)bits = positive & weights;
        nibbles[i / 4] = (uint8_t)(bits[0] | bits[1] | bits[2] | bits[3]);
        nibbles[i / 4 + 1] = (uint8_t)(bits[4] | bits[5] | bits[6] | bits[7]);
    }
    for (; i < length; i += 4) {
        unsigned nibble = 0;
        for (size_t t = 0; t < 4; t++) {
            int positive = residual[i + t] > 0.0f;
            absolute_rest += positive ? residual[i + t] : -residual[i + t];
            towards_rest += positive ? centre[i + t] : -centre[i + t];
            nibble |= (unsigned)positive << t;
        }
        nibbles[i / 4] = (uint8_t)nibble;
    }
    facts->residual_squared = dot_fixed(residual, residual, length);
    facts->residual_by_centre = dot_fixed(residual, centre, length);
    float lanes[8];
    PUT(lanes, absolute);
    facts->code_by_residual = sum_lanes(lanes) + absolute_rest;
    PUT(lanes, towards);
    facts->code_by_centre = sum_lanes(lanes) + towards_rest;
}

static void encode_product(const float *residual, const float *centre, size_t count, size_t width, const float *books,
                           uint8_t *nibbles, struct vexfs_code_facts *facts) {
    float by_residual = 0, by_centre = 0;
    for (size_t sub = 0; sub < count; sub++) {
        const float *book = books + sub * width * 16, *r = residual + sub * width, *c = centre + sub * width;
        eight low = {0}, high = {0};
        for (size_t d = 0; d < width; d++) {
            eight first = GET(book + d * 16) - r[d], second = GET(book + d * 16 + 8) - r[d];
            eight first_square = first * first, second_square = second * second;
            low = low + first_square;
            high = high + second_square;
        }
        float distances[16];
        PUT(distances, low);
        PUT(distances + 8, high);
        unsigned best = 0;
        for (unsigned j = 1; j < 16; j++) best = distances[j] < distances[best] ? j : best;
        nibbles[sub] = (uint8_t)best;
        for (size_t d = 0; d < width; d++) {
            float word = book[d * 16 + best], first = word * r[d], second = word * c[d];
            by_residual = by_residual + first;
            by_centre = by_centre + second;
        }
    }
    facts->residual_squared = dot_fixed(residual, residual, count * width);
    facts->residual_by_centre = dot_fixed(residual, centre, count * width);
    facts->code_by_residual = by_residual;
    facts->code_by_centre = by_centre;
}

static void table_signs(const float *query, size_t length, float *table) {
    const eight_words first = {MINUS, 0, MINUS, 0, MINUS, 0, MINUS, 0};
    const eight_words second = {MINUS, MINUS, 0, 0, MINUS, MINUS, 0, 0};
    const eight_words third = {MINUS, MINUS, MINUS, MINUS, 0, 0, 0, 0};
    for (size_t i = 0; i < length; i += 4) {
        eight zero = {0};
        eight sum = (eight)((eight_words)(zero + query[i]) ^ first);
        sum = sum + (eight)((eight_words)(zero + query[i + 1]) ^ second);
        sum = sum + (eight)((eight_words)(zero + query[i + 2]) ^ third);
        PUT(table + i * 4, sum - query[i + 3]);
        PUT(table + i * 4 + 8, sum + query[i + 3]);
    }
}

static void table_product(const float *query, size_t count, size_t width, const float *books, float *table) {
    for (size_t sub = 0; sub < count; sub++) {
        eight low = {0}, high = {0};
        for (size_t d = 0; d < width; d++) {
            const float *words = books + (sub * width + d) * 16;
            eight first = GET(words) * query[sub * width + d], second = GET(words + 8) * query[sub * width + d];
            low = low + first;
            high = high + second;
        }
        PUT(table + sub * 16, low);
        PUT(table + sub * 16 + 8, high);
    }
}

ALWAYS float least(const float *values) {
    float result = values[0];
    for (int i = 1; i < 16; i++) result = values[i] < result ? values[i] : result;
    return result;
}

ALWAYS float most(const float *values) {
    float result = values[0];
    for (int i = 1; i < 16; i++) result = values[i] > result ? values[i] : result;
    return result;
}

static void narrow_table(const float *table, size_t count, uint8_t *narrow, float *scale, float *base) {
    float widest = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        float low = least(table + i * 16), range = most(table + i * 16) - low;
        widest = range > widest ? range : widest;
        sum += low;
    }
    /* A range that is no number, or too small to divide by, leaves a table that says nothing. */
    float factor = widest > 1e-30f && widest < 1e30f ? 255.0f / widest : 0.0f;
    for (size_t i = 0; i < count; i++) {
        float low = least(table + i * 16);
        for (size_t j = 0; j < 16; j++) {
            float value = (table[i * 16 + j] - low) * factor;
            value = value + 0.5f;
            narrow[i * 16 + j] = (uint8_t)(value < 255.0f ? (int32_t)value : 255);
        }
    }
    *scale = factor > 0 ? widest / 255.0f : 0.0f;
    *base = sum;
}

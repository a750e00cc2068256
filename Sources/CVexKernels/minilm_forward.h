/*
 * A template, included after minilm_product.h with the same definitions: attention, normalisation, the whole pass.
 * The texts of a micro-batch lie one after the other without padding; only attention and pooling look at their borders.
 */

/* LayerNorm (Ba et al., arXiv 1607.06450) of a row, in place, and as the next product's input. */
INLINE void MODE(normalize)(float *row, const float *scale, const float *shift, ACTIVATION *input) {
    /* Two sums each: one would wait for itself. */
    V sums[2] = {(V){0}, (V){0}}, squares[2] = {(V){0}, (V){0}};
    for (int at = 0; at < WIDTH; at += 2 * LANES) EACH(i, 2) sums[i] += LOAD(row + at + i * LANES);
    float mean = SELF(total)(sums[0] + sums[1]) / WIDTH;
    for (int at = 0; at < WIDTH; at += 2 * LANES) {
        EACH(i, 2) {
            V distance = LOAD(row + at + i * LANES) - mean;
            squares[i] = MULTIPLY_ADD(distance, distance, squares[i]);
        }
    }
    float factor = 1 / __builtin_elementwise_sqrt(SPLAT(SELF(total)(squares[0] + squares[1]) / WIDTH + 1e-12f))[0];
    for (int at = 0; at < WIDTH; at += LANES) {
        V value = MULTIPLY_ADD((LOAD(row + at) - mean) * factor, LOAD(scale + at), LOAD(shift + at));
        STORE(row + at, value);
        MODE(put)(input + at, value);
    }
}

/* Token, position and type embeddings, added and normalised. */
static void MODE(look_up)(const struct batch *batch, ACTIVATION *input) {
    const struct vexfs_minilm_model *model = batch->model;
    for (size_t text = 0; text < batch->count; text++) {
        for (uint32_t token = batch->offsets[text]; token < batch->offsets[text + 1]; token++) {
            const float *word = model->words + (size_t)batch->ids[token] * WIDTH;
            const float *position = model->positions + (size_t)(token - batch->offsets[text]) * WIDTH;
            float *row = batch->work->residual + (size_t)token * WIDTH;
            for (int at = 0; at < WIDTH; at += LANES)
                STORE(row + at, LOAD(word + at) + LOAD(model->types + at) + LOAD(position + at));
            MODE(normalize)(row, model->scale, model->shift, input + (size_t)token * WIDTH);
        }
    }
}

/* Keys transposed in panels as weights are, padded with zeros, and values without gaps. */
INLINE void MODE(gather)(const float *qkv, size_t tokens, float *keys, float *values) {
    for (size_t token = 0; token < tokens; token++) {
        const float *key = qkv + token * 3 * WIDTH + WIDTH, *value = key + WIDTH;
        float *column = keys + token / PANEL * PANEL * HEAD + token % PANEL;
        for (int at = 0; at < HEAD; at++) column[at * PANEL] = key[at];
        for (int at = 0; at < HEAD; at += LANES) STORE(values + token * HEAD + at, LOAD(value + at));
    }
    for (size_t token = tokens; token % PANEL != 0; token++) {
        float *column = keys + token / PANEL * PANEL * HEAD + token % PANEL;
        for (int at = 0; at < HEAD; at++) column[at * PANEL] = 0;
    }
}

/* Softmax of a row without its division: the caller divides by the sum. Each place behind `tokens` adds e^-86. */
INLINE float MODE(soften)(float *scores, size_t tokens, size_t padded) {
    for (size_t at = tokens; at < padded; at++) scores[at] = -1e30f;
    V most = LOAD(scores);
    for (size_t at = LANES; at < padded; at += LANES) most = SELF(larger)(most, LOAD(scores + at));
    float top = SELF(largest)(most);
    V sum = (V){0};
    for (size_t at = 0; at < padded; at += LANES) {
        V weight = SELF(exponential)(LOAD(scores + at) - top);
        sum += weight;
        STORE(scores + at, weight);
    }
    return SELF(total)(sum);
}

/* Up to six queries of one head against all keys of their text. */
INLINE void MODE(attend_rows)(const int rows, const float *queries, size_t tokens, const struct workspace *work,
                              float *scores, ACTIVATION *out) {
    enum { GROUP = VECTORS * LANES < HEAD ? VECTORS : HEAD / LANES };
    size_t padded = (tokens + PANEL - 1) / PANEL * PANEL;
    for (size_t column = 0; column < padded; column += PANEL)
        SELF(tile)(rows, VECTORS, queries, 3 * WIDTH, work->keys + column * HEAD, PANEL, HEAD, 0, 0, scores + column,
                   padded);
    float sums[TILE_ROWS], sums_of_values[TILE_ROWS * HEAD];
    for (int row = 0; row < rows; row++) sums[row] = MODE(soften)(scores + (size_t)row * padded, tokens, padded);
    for (int at = 0; at < HEAD; at += GROUP * LANES)
        SELF(tile)(rows, GROUP, scores, padded, work->values + at, HEAD, tokens, 0, 0, sums_of_values + at, HEAD);
    for (int row = 0; row < rows; row++)
        for (int at = 0; at < HEAD; at += LANES)
            MODE(put)(out + (size_t)row * WIDTH + at, LOAD(sums_of_values + row * HEAD + at) * (1 / sums[row]));
}

static void MODE(attend)(const struct batch *batch, ACTIVATION *context) {
    struct workspace *work = batch->work;
    for (size_t text = 0; text < batch->count; text++) {
        size_t first = batch->offsets[text], tokens = batch->offsets[text + 1] - first;
        for (int head = 0; head < HEADS; head++) {
            const float *qkv = work->qkv + first * 3 * WIDTH + head * HEAD;
            MODE(gather)(qkv, tokens, work->keys, work->values);
            for (size_t row = 0; row < tokens; row += TILE_ROWS) {
                const float *queries = qkv + row * 3 * WIDTH;
                ACTIVATION *out = context + (first + row) * WIDTH + head * HEAD;
#define ROWS(rows) MODE(attend_rows)(rows, queries, tokens, work, work->scores, out)
                WITH_ROWS(tokens - row, ROWS)
#undef ROWS
            }
        }
    }
}

/* The mean of a text's rows, at unit length. */
static void MODE(pool)(const struct batch *batch) {
    for (size_t text = 0; text < batch->count; text++) {
        float *mean = batch->vectors + text * WIDTH;
        size_t first = batch->offsets[text], tokens = batch->offsets[text + 1] - first;
        V squares = (V){0};
        for (int at = 0; at < WIDTH; at += LANES) {
            V sum = (V){0};
            for (size_t token = first; token < first + tokens; token++)
                sum += LOAD(batch->work->residual + token * WIDTH + at);
            sum *= 1 / (float)tokens;
            squares = MULTIPLY_ADD(sum, sum, squares);
            STORE(mean + at, sum);
        }
        float factor = 1 / __builtin_elementwise_sqrt(SPLAT(SELF(total)(squares)))[0];
        for (int at = 0; at < WIDTH; at += LANES) STORE(mean + at, LOAD(mean + at) * factor);
    }
}

static void MODE(embed)(const struct batch *batch) {
    struct workspace *work = batch->work;
    size_t tokens = batch->offsets[batch->count];
    ACTIVATION *input = (ACTIVATION *)work->input, *inner = (ACTIVATION *)work->inner;
    MODE(look_up)(batch, input);
    for (int at = 0; at < LAYERS; at++) {
        const struct vexfs_minilm_layer *layer = &batch->model->layers[at];
        const struct block qkv = {MATRIX_QKV, 0, 0, 3 * WIDTH}, output = {MATRIX_OUTPUT, 0, 0, WIDTH};
        MODE(product)(EPILOGUE_STORE, qkv, batch, at, input, tokens, work->qkv);
        MODE(attend)(batch, input);
        MODE(product)(EPILOGUE_ADD, output, batch, at, input, tokens, work->residual);
        for (size_t token = 0; token < tokens; token++)
            MODE(normalize)(work->residual + token * WIDTH, layer->attention_scale, layer->attention_shift,
                            input + token * WIDTH);
        rest(batch);
        for (size_t first = 0; first < INNER; first += SLICE) {
            const struct block widen = {MATRIX_INNER, 0, first, SLICE}, narrow = {MATRIX_OUTER, first, 0, WIDTH};
            MODE(product)(EPILOGUE_GELU, widen, batch, at, input, tokens, inner);
            MODE(product)(EPILOGUE_ADD, narrow, batch, at, inner, tokens, work->residual);
        }
        for (size_t token = 0; token < tokens; token++)
            MODE(normalize)(work->residual + token * WIDTH, layer->final_scale, layer->final_shift,
                            input + token * WIDTH);
        rest(batch);
    }
    MODE(pool)(batch);
}

#undef MODE
#undef ELEMENT
#undef ACTIVATION
#undef BF16
#undef FIXED
#undef OPERAND
#undef SUM
#undef FETCHES
#undef PANEL

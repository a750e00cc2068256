import Testing
import VexFS

@testable import VexEmbedding

@Suite(.timeLimit(.minutes(1))) struct EmbeddingCacheTests {
    let space = MiniLMEmbedder.space(digest: MiniLM.digest)

    private func key(_ text: String, _ role: EmbeddingRole = .document) -> EmbeddingCache.Key {
        EmbeddingCache.Key(space: space, role: role, text: text)
    }

    private func embedding(_ value: Float) -> Embedding { Embedding(vector: [value], tokenCount: 3, truncated: false) }

    private func put(_ text: String, _ value: Float, in cache: EmbeddingCache) {
        guard case .absent(let pending) = cache.look(up: key(text)) else {
            Issue.record("\(text) is there already")
            return
        }
        cache.finish(key(text), pending, .success(embedding(value)))
    }

    private func value(_ text: String, in cache: EmbeddingCache) -> Float? {
        switch cache.look(up: key(text)) {
        case .ready(let embedding): return embedding.vector[0]
        case .pending: return nil
        case .absent(let pending):
            cache.finish(key(text), pending, .failure(VexFSError(.interrupted, "only looking")))
            return nil
        }
    }

    @Test func `Keys differ by space, role and text`() {
        let other = MiniLMEmbedder.space(digest: String(repeating: "0", count: 64))
        let keys = [
            key("a"), key("b"), key("a", .query), EmbeddingCache.Key(space: other, role: .document, text: "a"),
            key("\u{E9}"), key("e\u{301}"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(key("a") == key("a"))
    }

    @Test func `The least recently used goes first`() {
        let cache = EmbeddingCache(byteLimit: 3 * (4 + 384), dimension: 1)
        put("a", 1, in: cache)
        put("b", 2, in: cache)
        put("c", 3, in: cache)
        #expect(value("a", in: cache) == 1)
        put("d", 4, in: cache)
        #expect(cache.count == 3)
        #expect(value("b", in: cache) == nil)
        #expect(value("a", in: cache) == 1)
        #expect(value("c", in: cache) == 3)
        #expect(value("d", in: cache) == 4)
    }

    @Test func `A cache of no bytes holds nothing`() {
        let cache = EmbeddingCache(byteLimit: 0, dimension: 384)
        put("a", 1, in: cache)
        #expect(cache.count == 0)
    }

    @Test func `An equal key in flight is computed once`() async throws {
        let cache = EmbeddingCache(byteLimit: 1 << 20, dimension: 1)
        guard case .absent(let pending) = cache.look(up: key("a")) else { throw VexFSError(.busy, "not absent") }
        guard case .pending(let other) = cache.look(up: key("a")) else { throw VexFSError(.busy, "not in flight") }
        cache.finish(key("a"), pending, .success(embedding(7)))
        #expect(try other.wait().vector == [7])
    }

    @Test func `A failure reaches who waits and is not kept`() throws {
        let cache = EmbeddingCache(byteLimit: 1 << 20, dimension: 1)
        guard case .absent(let pending) = cache.look(up: key("a")) else { throw VexFSError(.busy, "not absent") }
        cache.finish(key("a"), pending, .failure(VexFSError(.corruption, "bad")))
        #expect(throws: VexFSError.self) { try pending.wait() }
        #expect(cache.count == 0)
        put("a", 1, in: cache)
        #expect(value("a", in: cache) == 1)
    }
}

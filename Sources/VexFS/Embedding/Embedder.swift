/// Why a text is embedded: some models prefix queries and documents differently, and queries go first.
public enum EmbeddingRole: Sendable { case query, document }

/// What identifies a vector space: vectors of different spaces never mix.
public struct EmbeddingSpace: Sendable, Equatable {
    /// SHA-256 (hex) over everything that changes a vector: provider, model digest, dimension, pooling, limits,
    /// prefixes.
    public let id: String
    /// The model's name, as shown to people.
    public let model: String
    /// The number of components of a vector.
    public let dimension: Int
    /// The longest text, in tokens, that is embedded whole.
    public let maximumTokens: Int
    /// Creates a description.
    public init(id: String, model: String, dimension: Int, maximumTokens: Int) {
        self.id = id
        self.model = model
        self.dimension = dimension
        self.maximumTokens = maximumTokens
    }
}

/// A text's vector and what was used of the text.
public struct Embedding: Sendable {
    /// `[dimension] Float32`, unit length.
    public var vector: [Float]
    /// How many tokens the text has within the window, special tokens included.
    public var tokenCount: Int
    /// Whether the text was longer than the model's window.
    public var truncated: Bool
    /// Creates an embedding.
    public init(vector: [Float], tokenCount: Int, truncated: Bool) {
        self.vector = vector
        self.tokenCount = tokenCount
        self.truncated = truncated
    }
}

/// Turns texts into vectors. Calls block the calling thread and may come from any number of threads at once.
public protocol Embedder: Sendable {
    /// The space of the vectors. Reading it may load a model's description but never its weights.
    var space: EmbeddingSpace { get }
    /// Embeds texts in order.
    /// - Throws: `modelMissing` when the model's files are not there, `embedderUnavailable` when it cannot answer now.
    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding]
}

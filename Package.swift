// swift-tools-version: 6.2
import PackageDescription

// Every dependency is a Debian library behind a small system-library or shim target: no package is fetched.
let swiftSettings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

// The kernels are compiled with optimisation in debug builds too: unoptimised SIMD would make every test of an
// embedding or a scan fifty times slower and test code that nobody runs.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]

let package = Package(
    name: "VexFS",
    products: [
        .executable(name: "vexfs-fuse", targets: ["vexfs-fuse"]),
        .executable(name: "vexfs-adapter", targets: ["vexfs-adapter"]),
        .library(name: "VexFS", targets: ["VexFS"]),
    ],
    targets: [
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
        .systemLibrary(name: "CFuse3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .target(
            name: "CSimdjson",
            cxxSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
        .target(
            name: "CRE2",
            cxxSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
        .target(
            name: "CMicrohttpd", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "CVexKernels", cSettings: kernelSettings),
        .target(name: "CFuseShim", dependencies: ["CFuse3"]),
        .target(name: "VexValues", dependencies: ["CJansson", "CSimdjson"], swiftSettings: swiftSettings),
        .target(
            name: "VexFS", dependencies: ["VexValues", "CVexKernels", "CRocksDB", "CStemmer", "CRE2"],
            swiftSettings: swiftSettings, linkerSettings: [.linkedLibrary("rocksdb")]),
        .target(name: "VexEmbedding", dependencies: ["VexFS", "CVexKernels"], swiftSettings: swiftSettings),
        .target(name: "VexWire", dependencies: ["VexValues"], swiftSettings: swiftSettings),
        .target(name: "VexService", dependencies: ["VexFS", "VexWire"], swiftSettings: swiftSettings),
        .target(
            name: "VexFUSE", dependencies: ["VexFS", "VexEmbedding", "VexService", "VexWire", "CFuseShim"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "vexfs-fuse", dependencies: ["VexFUSE", "VexFS", "VexEmbedding", "CFuseShim"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "vexfs-adapter", dependencies: ["VexValues", "VexWire", "CMicrohttpd"], swiftSettings: swiftSettings),
        .testTarget(
            name: "VexValuesTests", dependencies: ["VexValues", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "VexFSTests", dependencies: ["VexFS", "CVexKernels"], swiftSettings: swiftSettings),
        .testTarget(
            name: "VexEmbeddingTests", dependencies: ["VexEmbedding", "CVexKernels"], swiftSettings: swiftSettings),
        .testTarget(
            name: "VexWireTests", dependencies: ["VexWire", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "VexServiceTests", dependencies: ["VexService", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "VexFUSETests", dependencies: ["VexFUSE"], swiftSettings: swiftSettings),
        .target(name: "CTestSupport", path: "Tests/CTestSupport"),
        .target(
            name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/TestSupport", swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "IntegrationTests", dependencies: ["vexfs-fuse", "VexWire", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ReferenceTests", dependencies: ["vexfs-fuse", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "CrashTests", dependencies: ["vexfs-fuse", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "StyleTests", dependencies: ["TestSupport"], swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)

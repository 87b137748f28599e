using System.Xml.Linq;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The map of the house (docs/architecture.md) in code: who may know whom.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Common"] = [],
        ["Kernel"] = ["Common"],
        ["Inference"] = [],
        ["MarketData"] = ["Common", "Kernel"],
        ["Storage"] = ["Common", "Kernel"],
        ["Strategy"] = ["Common", "MarketData", "Inference"],
        ["Execution"] = ["Common", "Kernel", "Storage", "Strategy", "MarketData"],
        ["Binance"] = ["Common", "Kernel", "MarketData", "Execution"],
        ["Simulator"] = ["Common"],
        ["Research"] = ["Common", "Kernel", "Inference", "MarketData", "Storage", "Strategy", "Execution", "Binance", "Simulator"],
        ["Dashboards"] = ["Common", "Kernel"],
        ["App"] = ["Common", "Kernel", "Inference", "MarketData", "Storage", "Strategy", "Execution", "Binance", "Simulator", "Research", "Dashboards", "Benchmarks"],
    };

    public static TheoryData<string> Rooms => [.. MayUse.Keys];

    private static string[] ReferencesOf(string room) =>
    [
        .. XDocument.Load(Path.Combine(Repository.Root, "src", $"Peregrine.{room}", $"Peregrine.{room}.csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))["Peregrine.".Length..]),
    ];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Knows_only_whom_the_map_allows(string room) => Assert.Empty(ReferencesOf(room).Except(MayUse[room]));

    [Fact]
    public void Has_every_room_on_the_map_and_no_other()
    {
        IEnumerable<string> rooms = Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(folder => Path.GetFileName(folder)["Peregrine.".Length..]);
        Assert.Equal(MayUse.Keys.Order(), rooms.Order());
    }

    [Theory] // The arrows of the compiled programs, not only of the project files.
    [MemberData(nameof(Rooms))]
    public void Is_compiled_against_nothing_else(string room)
    {
        string assembly = room == "App" ? "peregrine" : $"Peregrine.{room}";
        string path = Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        string[] used =
        [
            .. System.Reflection.Assembly.LoadFrom(path).GetReferencedAssemblies()
                .Where(reference => reference.Name!.StartsWith("Peregrine.", StringComparison.Ordinal))
                .Select(reference => reference.Name!["Peregrine.".Length..]),
        ];
        Assert.Empty(used.Except(MayUse[room]));
    }

    [Fact]
    public void Pins_every_package_to_one_exact_version()
    {
        XDocument packages = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        Assert.All(packages.Descendants("PackageVersion"), package => Assert.Matches(@"^[0-9]+(\.[0-9]+)+$", package.Attribute("Version")!.Value));
        Assert.All(
            Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories),
            project => Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")), $"{project} has no lock file"));
    }

    [Theory] // What such a method throws ends the process, and nobody can wait for it.
    [MemberData(nameof(Rooms))]
    public void Has_no_async_void(string room)
    {
        System.Reflection.Assembly assembly = System.Reflection.Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, (room == "App" ? "peregrine" : $"Peregrine.{room}") + ".dll"));
        const System.Reflection.BindingFlags all = System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance
            | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.DeclaredOnly;
        Assert.Empty(assembly.GetTypes().SelectMany(type => type.GetMethods(all))
            .Where(method => method.ReturnType == typeof(void) && method.IsDefined(typeof(System.Runtime.CompilerServices.AsyncStateMachineAttribute), inherit: false))
            .Select(method => $"{method.DeclaringType}.{method.Name}"));
    }
}

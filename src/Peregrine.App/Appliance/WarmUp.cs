using System.Reflection;
using System.Runtime.CompilerServices;

using Peregrine.Binance;
using Peregrine.Common;
using Peregrine.Execution;
using Peregrine.Inference;
using Peregrine.MarketData;
using Peregrine.Strategy;

namespace Peregrine.App.Appliance;

/// <summary>
/// Has the code of the hot path compiled before the first event: a first order would otherwise wait milliseconds for the compiler. Costs some hundred
/// milliseconds at the start and nothing afterwards.
/// </summary>
internal static class WarmUp
{
    private const BindingFlags Every = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Assembly[] HotRooms =
        [typeof(Price).Assembly, typeof(EventRing).Assembly, typeof(IStrategy).Assembly, typeof(OnnxModel).Assembly, typeof(IOrderGateway).Assembly, typeof(BinanceMarketFeed).Assembly];

    /// <summary>Compiles every method that can be compiled without knowing type arguments, and returns how many.</summary>
    public static int Compile()
    {
        int compiled = 0;
        foreach (Type type in HotRooms.SelectMany(room => room.GetTypes()).Append(typeof(Shard)))
        {
            if (type.ContainsGenericParameters) continue;
            foreach (MethodBase method in type.GetMethods(Every).Cast<MethodBase>().Concat(type.GetConstructors(Every)))
            {
                if (method.IsAbstract || method.ContainsGenericParameters || method.MethodImplementationFlags.HasFlag(MethodImplAttributes.InternalCall)) continue;
                try
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                    compiled++;
                }
                catch (Exception e) when (e is TypeLoadException or InvalidProgramException or NotSupportedException or PlatformNotSupportedException or ArgumentException)
                {
                    // A method for another processor: it will not be called here either.
                }
            }
        }
        return compiled;
    }
}

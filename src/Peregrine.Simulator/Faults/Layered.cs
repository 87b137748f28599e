namespace Peregrine.Simulator.Faults;

/// <summary>
/// A value of the exchange's own with what active faults make of it: the own one with all of their changes, in the order in which they came. Whichever fault
/// ends first, what is left is what the others make of it, and in the end the own value. Used under the exchange's gate.
/// </summary>
/// <param name="own">The value while there is no fault.</param>
/// <param name="show">Hears of the value whenever it may have changed.</param>
internal sealed class Layered<T>(T own, Action<T>? show = null)
{
    private readonly LinkedList<Func<T, T>> _layers = [];

    /// <summary>What is in force.</summary>
    public T Value { get; private set; } = own;

    /// <summary>What is in force without faults.</summary>
    public T Own
    {
        get;
        set
        {
            field = value;
            Refresh();
        }
    } = own;

    /// <summary>Lays a change over the value; the result takes it off again.</summary>
    public Action Lay(Func<T, T> change)
    {
        LinkedListNode<Func<T, T>> layer = _layers.AddLast(change);
        Refresh();
        return () =>
        {
            if (layer.List is null) return;
            _layers.Remove(layer);
            Refresh();
        };
    }

    private void Refresh()
    {
        T value = Own;
        foreach (Func<T, T> change in _layers) value = change(value);
        Value = value;
        show?.Invoke(value);
    }
}

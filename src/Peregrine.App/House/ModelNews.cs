using System.Globalization;

using Peregrine.App.Appliance;

namespace Peregrine.App.House;

/// <summary>Says once when the model begins to give answers that are none, and once when it gives good ones again.</summary>
internal sealed class ModelNews(ModelWatch? model, Action<string> log)
{
    private long _asked;
    private long _refused;
    private bool _isBad;

    /// <summary>Looks at what happened since the last look.</summary>
    public void Look()
    {
        if (model is null) return;
        long asked = model.Asked - _asked, refused = model.Refused - _refused;
        (_asked, _refused) = (model.Asked, model.Refused);
        if (asked == 0 || _isBad == refused > 0) return;
        _isBad = refused > 0;
        log(_isBad
            ? string.Create(CultureInfo.InvariantCulture, $"model: {refused} of {asked} answers are no probabilities (NaN, infinite or out of bounds); nothing is traded on them")
            : "model: its answers are probabilities again");
    }
}

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidationPolicyAdvisor;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;

/**
 * A second opinion on FHIR resources, offline: the reference validator behind one call.
 * usage: Oracle FILE [PROFILES]: FILE has one resource a line, PROFILES is a folder of conformance resources.
 * Answers one JSON line for each, in order: {"errors": ["place: what is wrong", ...]}
 */
public final class Oracle {
  private static final FhirContext R4 = FhirContext.forR4();
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws IOException {
    IValidationSupport profiles = profilesIn(arguments.length > 1 ? Path.of(arguments[1]) : null);
    FhirValidator validator = validator(profiles);
    List<String> lines = Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8);
    List<String> answers =
        IntStream.range(0, lines.size()).parallel().mapToObj(at -> answer(validator, lines.get(at))).toList();
    System.out.write((String.join("\n", answers) + "\n").getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  private static IValidationSupport profilesIn(Path folder) throws IOException {
    PrePopulatedValidationSupport support = new PrePopulatedValidationSupport(R4);
    if (folder == null) return support;
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".xml")).sorted().toList())
        support.addResource(R4.newXmlParser().parseResource(Files.readString(file)));
    }
    return support;
  }

  private static FhirValidator validator(IValidationSupport profiles) {
    // SNOMED CT and LOINC are not here: a code of a system nobody knows is no error
    var unknownSystems = new UnknownCodeSystemWarningValidationSupport(R4);
    unknownSystems.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    var module =
        new FhirInstanceValidator(
            new ValidationSupportChain(
                new DefaultProfileValidationSupport(R4),
                profiles,
                new CommonCodeSystemsTerminologyService(R4),
                new InMemoryTerminologyServerValidationSupport(R4),
                new SnapshotGeneratingValidationSupport(R4),
                unknownSystems));
    module.setAnyExtensionsAllowed(true);
    module.setErrorForUnknownProfiles(false);
    module.setAssumeValidRestReferences(true);
    // the type a reference names is looked at, though what it points to is never there
    module.setValidatorPolicyAdvisor(
        new FhirDefaultPolicyAdvisor() {
          @Override
          public ReferenceValidationPolicy policyForReference(
              IResourceValidator validator,
              Object appContext,
              String path,
              String url,
              IValidationPolicyAdvisor.ReferenceDestinationType destination) {
            return ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS;
          }
        });
    module.setValidatorResourceFetcher(nothingToFetch());
    FhirValidator validator = R4.newValidator();
    validator.registerValidatorModule(module);
    return validator;
  }

  /** References lead nowhere here, and addresses are taken as they are. A proxy, for most of the port is never called. */
  private static IValidatorResourceFetcher nothingToFetch() {
    return (IValidatorResourceFetcher)
        Proxy.newProxyInstance(
            Oracle.class.getClassLoader(),
            new Class<?>[] {IValidatorResourceFetcher.class},
            (proxy, method, given) -> whenAsked(proxy, method));
  }

  private static Object whenAsked(Object proxy, Method method) {
    if (method.getReturnType() == boolean.class) return method.getName().equals("resolveURL");
    return method.getName().equals("setLocale") ? proxy : null;
  }

  private static String answer(FhirValidator validator, String line) {
    ObjectNode answer = JSON.createObjectNode();
    var errors = answer.putArray("errors");
    try {
      for (var message : validator.validateWithResult(line).getMessages())
        if (message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
          errors.add(message.getLocationString() + ": " + message.getMessage());
    } catch (RuntimeException failure) {
      // what cannot even be parsed
      errors.add("resource: " + failure.getMessage());
    }
    return answer.toString();
  }
}

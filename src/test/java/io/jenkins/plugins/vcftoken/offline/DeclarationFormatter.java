package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.TypeParameterElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.IntersectionType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.type.TypeVariable;
import javax.lang.model.type.WildcardType;
import javax.lang.model.util.Elements;

/** Formats declarations as Java source, without bodies, and only with annotations that affect compilation. */
final class DeclarationFormatter {

    private static final Set<String> COMPILER_ANNOTATIONS = Set.of(
            "java.lang.annotation.Inherited",
            "java.lang.annotation.Repeatable",
            "java.lang.annotation.Retention",
            "java.lang.annotation.Target",
            "net.java.sezpoz.Indexable",
            "org.jvnet.hudson.annotation_indexer.Indexed");

    private final Elements elements;
    private final AnnotationFormatter annotationFormatter;

    DeclarationFormatter(Elements elements) {
        this.elements = elements;
        this.annotationFormatter = new AnnotationFormatter(elements);
    }

    String format(TypeElement type) {
        String keyword =
                switch (type.getKind()) {
                    case ANNOTATION_TYPE -> "@interface ";
                    case ENUM -> "enum ";
                    case INTERFACE -> "interface ";
                    default -> "class ";
                };
        StringBuilder text = new StringBuilder(annotations(type))
                .append(modifiers(type))
                .append(keyword)
                .append(type.getSimpleName())
                .append(parameters(type.getTypeParameters()));
        TypeMirror parent = type.getSuperclass();
        if (type.getKind() == ElementKind.CLASS && !"java.lang.Object".equals(name(parent))) {
            text.append(" extends ").append(name(parent));
        }
        if (type.getKind() != ElementKind.ANNOTATION_TYPE) {
            String interfaces = type.getInterfaces().stream().map(this::name).collect(joining(", "));
            text.append(interfaces.isEmpty() ? "" : type.getKind().isInterface() ? " extends " : " implements ");
            text.append(interfaces);
        }
        return text.toString();
    }

    String format(VariableElement field) {
        Object constant = field.getConstantValue();
        String value = constant == null ? "" : " = " + elements.getConstantExpression(constant);
        return modifiers(field) + name(field.asType()) + ' ' + field.getSimpleName() + value;
    }

    String format(ExecutableElement method) {
        boolean constructor = method.getKind() == ElementKind.CONSTRUCTOR;
        String typeParameters = parameters(method.getTypeParameters());
        String thrown = method.getThrownTypes().stream().map(this::name).collect(joining(", "));
        return modifiers(method)
                + (typeParameters.isEmpty() ? "" : typeParameters + ' ')
                + (constructor
                        ? UnavailableTypes.enclosingType(method).getSimpleName()
                        : name(method.getReturnType()) + ' ' + method.getSimpleName())
                + parameters(method)
                + (method.getDefaultValue() == null
                        ? ""
                        : " default " + annotationFormatter.visit(method.getDefaultValue()))
                + (thrown.isEmpty() ? "" : " throws " + thrown);
    }

    String format(Element member) {
        if (member instanceof TypeElement type) {
            return format(type);
        }
        return member instanceof VariableElement field ? format(field) : format((ExecutableElement) member);
    }

    private String parameters(ExecutableElement method) {
        StringJoiner text = new StringJoiner(", ", "(", ")");
        List<? extends VariableElement> parameters = method.getParameters();
        for (int i = 0; i < parameters.size(); i++) {
            TypeMirror type = parameters.get(i).asType();
            boolean rest = method.isVarArgs() && i == parameters.size() - 1;
            text.add((rest ? name(((ArrayType) type).getComponentType()) + "..." : name(type))
                    + ' '
                    + parameters.get(i).getSimpleName());
        }
        return text.toString();
    }

    private String parameters(List<? extends TypeParameterElement> parameters) {
        return parameters.isEmpty()
                ? ""
                : parameters.stream().map(this::parameter).collect(joining(", ", "<", ">"));
    }

    private String parameter(TypeParameterElement parameter) {
        String bounds = parameter.getBounds().stream()
                .map(this::name)
                .filter(bound -> !bound.equals("java.lang.Object"))
                .collect(joining(" & "));
        return parameter.getSimpleName() + (bounds.isEmpty() ? "" : " extends " + bounds);
    }

    private String annotations(TypeElement type) {
        return type.getAnnotationMirrors().stream()
                .filter(a -> COMPILER_ANNOTATIONS.contains(name(a.getAnnotationType())))
                .map(annotationFormatter::format)
                .sorted()
                .map(text -> text + '\n')
                .collect(joining());
    }

    private static String modifiers(Element element) {
        boolean inInterface = element.getEnclosingElement() instanceof TypeElement in
                && in.getKind().isInterface();
        boolean implied =
                element.getKind() == ElementKind.ENUM || element.getKind().isInterface();
        return element.getModifiers().stream()
                .filter(modifier -> switch (modifier) {
                    case PUBLIC -> !inInterface;
                    case PROTECTED, PRIVATE, DEFAULT -> true;
                    case STATIC -> !implied && !(inInterface && !(element instanceof ExecutableElement));
                    case ABSTRACT -> !implied && !inInterface && !inEnum(element);
                    case FINAL -> !implied && !inInterface;
                    default -> false;
                })
                .map(modifier -> modifier + " ")
                .collect(joining());
    }

    private static boolean inEnum(Element element) {
        return element.getEnclosingElement().getKind() == ElementKind.ENUM;
    }

    /** Fully qualified name with type arguments, without type annotations. */
    String name(TypeMirror type) {
        if (type instanceof TypeVariable variable) {
            return variable.asElement().getSimpleName().toString();
        }
        if (type instanceof ArrayType array) {
            return name(array.getComponentType()) + "[]";
        }
        if (type instanceof WildcardType wildcard) {
            TypeMirror upper = wildcard.getExtendsBound();
            TypeMirror lower = wildcard.getSuperBound();
            return upper != null ? "? extends " + name(upper) : lower != null ? "? super " + name(lower) : "?";
        }
        if (type instanceof IntersectionType intersection) {
            return intersection.getBounds().stream().map(this::name).collect(joining(" & "));
        }
        if (type instanceof DeclaredType declared) {
            TypeElement element = (TypeElement) declared.asElement();
            boolean inner = declared.getEnclosingType().getKind() == TypeKind.DECLARED
                    && !((DeclaredType) declared.getEnclosingType())
                            .getTypeArguments()
                            .isEmpty();
            String name = inner
                    ? name(declared.getEnclosingType()) + '.' + element.getSimpleName()
                    : element.getQualifiedName().toString();
            String arguments =
                    declared.getTypeArguments().stream().map(this::name).collect(joining(", "));
            return name + (arguments.isEmpty() ? "" : '<' + arguments + '>');
        }
        return type.getKind().toString().toLowerCase(Locale.ROOT);
    }

    /** All classes that occur in a type. */
    static Stream<TypeElement> findTypes(TypeMirror type) {
        if (type instanceof ArrayType array) {
            return findTypes(array.getComponentType());
        }
        if (type instanceof WildcardType wildcard) {
            return Stream.of(wildcard.getExtendsBound(), wildcard.getSuperBound())
                    .filter(Objects::nonNull)
                    .flatMap(DeclarationFormatter::findTypes);
        }
        if (type instanceof IntersectionType intersection) {
            return intersection.getBounds().stream().flatMap(DeclarationFormatter::findTypes);
        }
        if (type instanceof DeclaredType declared) {
            return Stream.concat(
                    Stream.of((TypeElement) declared.asElement()),
                    declared.getTypeArguments().stream().flatMap(DeclarationFormatter::findTypes));
        }
        return Stream.empty();
    }

    static boolean isPrivate(Element element) {
        return element.getModifiers().contains(Modifier.PRIVATE);
    }
}
